// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"io"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"capsule.dev/tenantview/pkg/view"
)

// spliced is the list of some entries. In JSON it is put together from the encodings of its items, most of which
// earlier requests have made. Other forms are encoded from the list that GetObject returns.
type spliced struct {
	// empty is the list without its items.
	empty     runtime.Object
	kind      *Kind
	entries   []*view.Entry
	id        ServerID
	encodings *Encodings
	// keep says that encodings that are made are remembered.
	keep bool
}

var _ runtime.CacheableObject = &spliced{}

// noItems is how the encoding of an empty list ends, if it is compact JSON.
var noItems = []byte(`"items":[]}` + "\n")

// chunk is the number of bytes above which a part of a list is written. A list that is not longer is one write, and
// so usually one frame. A longer one is compressed if the client accepts that, because the first write is longer than
// defaultGzipThresholdBytes of k8s.io/apiserver/pkg/endpoints/handlers/responsewriters.
const chunk = 128 << 10

// chunks are buffers that are reused.
var chunks = sync.Pool{New: func() any { return &bytes.Buffer{} }}

// CacheEncode writes the list. encode writes any object in the form that the client wants.
func (l *spliced) CacheEncode(_ runtime.Identifier, encode func(runtime.Object, io.Writer) error, w io.Writer) error {
	b := chunks.Get().(*bytes.Buffer)
	defer chunks.Put(b)
	b.Reset()
	if err := encode(l.empty.DeepCopyObject(), b); err != nil {
		return err
	}
	if !bytes.HasSuffix(b.Bytes(), noItems) {
		return encode(l.GetObject(), w)
	}
	b.Truncate(b.Len() - len("]}\n"))
	for i, e := range l.entries {
		item, err := l.encodings.of(l.kind, e, l.id, l.keep)
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(item)
		if b.Len() > chunk {
			if _, err := b.WriteTo(w); err != nil {
				return err
			}
		}
	}
	b.WriteString("]}\n")
	_, err := b.WriteTo(w)
	return err
}

// GetObject returns the list with its items.
func (l *spliced) GetObject() runtime.Object {
	list := l.kind.ConvertList(l.entries, l.id)
	from, _ := meta.ListAccessor(l.empty)
	to, _ := meta.ListAccessor(list)
	to.SetResourceVersion(from.GetResourceVersion())
	to.SetContinue(from.GetContinue())
	to.SetRemainingItemCount(from.GetRemainingItemCount())
	return list
}

// GetObjectKind returns the kind of the list.
func (l *spliced) GetObjectKind() schema.ObjectKind { return l.empty.GetObjectKind() }

// DeepCopyObject returns the list with its items, which shares nothing with the entries.
func (l *spliced) DeepCopyObject() runtime.Object { return l.GetObject() }
