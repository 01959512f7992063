// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"io"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"capsule.dev/tenantview/pkg/view"
)

// served is the object of an event. It is made when it is encoded: a watch that its client does not read keeps events,
// and unlike the entry, which all share, each object is in memory of its own.
type served struct {
	kind  *Kind
	entry *view.Entry
	id    ServerID
}

var _ runtime.CacheableObject = &served{}

// CacheEncode writes the encoding of the object, which it does not remember.
func (s *served) CacheEncode(_ runtime.Identifier, encode func(runtime.Object, io.Writer) error, w io.Writer) error {
	return encode(s.GetObject(), w)
}

// GetObject returns a new object.
func (s *served) GetObject() runtime.Object { return s.kind.Convert(s.entry, s.id) }

// GetObjectKind returns the kind of a new object.
func (s *served) GetObjectKind() schema.ObjectKind { return s.GetObject().GetObjectKind() }

// DeepCopyObject returns a new object.
func (s *served) DeepCopyObject() runtime.Object { return s.GetObject() }

// shared is an object that many watches send. It is encoded once for each media type and form.
type shared struct {
	served
	mu        sync.Mutex
	encodings map[runtime.Identifier]encoding
}

type encoding struct {
	data []byte
	err  error
}

var _ runtime.CacheableObject = &shared{}

// CacheEncode writes the encoding with that identifier. It calls encode if there is none yet.
func (s *shared) CacheEncode(id runtime.Identifier, encode func(runtime.Object, io.Writer) error, w io.Writer) error {
	e := s.encoding(id, encode)
	if e.err != nil {
		return e.err
	}
	_, err := w.Write(e.data)
	return err
}

func (s *shared) encoding(id runtime.Identifier, encode func(runtime.Object, io.Writer) error) encoding {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.encodings[id]; ok {
		return e
	}
	var buffer bytes.Buffer
	err := encode(s.GetObject(), &buffer)
	e := encoding{data: buffer.Bytes(), err: err}
	if s.encodings == nil {
		s.encodings = make(map[runtime.Identifier]encoding, 1)
	}
	s.encodings[id] = e
	return e
}
