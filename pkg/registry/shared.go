// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"io"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// shared is an object that many watches send. It is encoded once for each media type and form.
// Only one encoder runs at a time, because encoders write the kind into the object.
type shared struct {
	mu        sync.Mutex
	object    runtime.Object
	encodings map[runtime.Identifier]encoding
}

type encoding struct {
	data []byte
	err  error
}

var _ runtime.CacheableObject = &shared{}

func newShared(object runtime.Object) *shared { return &shared{object: object} }

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
	err := encode(s.object, &buffer)
	e := encoding{data: buffer.Bytes(), err: err}
	if s.encodings == nil {
		s.encodings = make(map[runtime.Identifier]encoding, 1)
	}
	s.encodings[id] = e
	return e
}

// GetObject returns a copy of the object.
func (s *shared) GetObject() runtime.Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.object.DeepCopyObject()
}

// GetObjectKind returns the kind of a copy: only an encoder may write to the object itself.
func (s *shared) GetObjectKind() schema.ObjectKind { return s.GetObject().GetObjectKind() }

// DeepCopyObject returns a shared with a copy of the object and without encodings.
func (s *shared) DeepCopyObject() runtime.Object { return newShared(s.GetObject()) }
