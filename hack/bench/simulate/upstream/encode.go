// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"
)

// encoder writes the events of a watch, as kube-apiserver does.
type encoder interface {
	encode(event watch.EventType, object runtime.Object) error
}

// newEncoder returns an encoder of a resource's objects, and its content type: protobuf for Kubernetes' own kinds, and
// JSON for custom resources.
func newEncoder(gv schema.GroupVersion, custom bool, w io.Writer) (e encoder, contentType string) {
	if custom {
		return jsonEncoder{json.NewEncoder(w)}, runtime.ContentTypeJSON
	}
	info, _ := runtime.SerializerInfoForMediaType(scheme.Codecs.SupportedMediaTypes(), runtime.ContentTypeProtobuf)
	return &protobufEncoder{
		object: scheme.Codecs.EncoderForVersion(info.Serializer, gv),
		event:  scheme.Codecs.EncoderForVersion(info.StreamSerializer.Serializer, gv),
		frames: info.StreamSerializer.NewFrameWriter(w),
	}, runtime.ContentTypeProtobuf + ";stream=watch"
}

type jsonEncoder struct{ *json.Encoder }

func (e jsonEncoder) encode(event watch.EventType, object runtime.Object) error {
	return e.Encode(struct {
		Type   watch.EventType `json:"type"`
		Object runtime.Object  `json:"object"`
	}{event, object})
}

type protobufEncoder struct {
	object, event runtime.Encoder
	frames        io.Writer
	buffer, frame bytes.Buffer
}

func (e *protobufEncoder) encode(event watch.EventType, object runtime.Object) error {
	e.buffer.Reset()
	if err := e.object.Encode(object, &e.buffer); err != nil {
		return fmt.Errorf("encoding a %T: %w", object, err)
	}
	e.frame.Reset()
	if err := e.event.Encode(&metav1.WatchEvent{Type: string(event), Object: runtime.RawExtension{Raw: e.buffer.Bytes()}}, &e.frame); err != nil {
		return fmt.Errorf("encoding an event of a %T: %w", object, err)
	}
	_, err := e.frames.Write(e.frame.Bytes())
	return err
}
