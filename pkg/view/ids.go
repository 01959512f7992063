// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// maxFew is the number of ids up to which a set is a list and not a bitmap. Most sets of a view are
// small, such as a tenant's few namespaces, or the only object with a label value. Even then, a
// bitmap takes about 150 bytes.
const maxFew = 16

// ids is a set of slot ids. The zero set is empty. Reads may run concurrently.
type ids struct {
	// few are the ids in ascending order, unless there is a bitmap.
	few  []uint32
	many *roaring.Bitmap
}

// newIDs returns the set of a bitmap's ids. It takes ownership of the bitmap.
func newIDs(b *roaring.Bitmap) ids {
	if b.GetCardinality() > maxFew {
		return ids{many: b}
	}
	return ids{few: b.ToArray()}
}

func (s *ids) add(id uint32) {
	if s.many != nil {
		s.many.Add(id)
		return
	}
	at, found := slices.BinarySearch(s.few, id)
	switch {
	case found:
	case len(s.few) < maxFew:
		s.few = slices.Insert(s.few, at, id)
	default:
		s.many = roaring.BitmapOf(s.few...)
		s.many.Add(id)
		s.few = nil
	}
}

// with returns a set that also has the id. It does not change s.
func (s *ids) with(id uint32) ids {
	if s.many != nil {
		return ids{many: roaring.Or(s.many, roaring.BitmapOf(id))}
	}
	more := ids{few: slices.Clone(s.few)}
	more.add(id)
	return more
}

func (s *ids) remove(id uint32) {
	if s.many != nil {
		s.many.Remove(id)
		if s.many.GetCardinality() <= maxFew/2 {
			*s = newIDs(s.many)
		}
		return
	}
	if at, found := slices.BinarySearch(s.few, id); found {
		s.few = slices.Delete(s.few, at, at+1)
	}
}

func (s *ids) contains(id uint32) bool {
	if s.many != nil {
		return s.many.Contains(id)
	}
	_, found := slices.BinarySearch(s.few, id)
	return found
}

func (s *ids) len() int {
	if s.many != nil {
		return int(s.many.GetCardinality()) //nolint:gosec // ids have 32 bits
	}
	return len(s.few)
}

// each calls f for every id, in ascending order.
func (s *ids) each(f func(id uint32)) {
	if s.many == nil {
		for _, id := range s.few {
			f(id)
		}
		return
	}
	s.many.Iterate(func(id uint32) bool { f(id); return true })
}

// addAll adds the ids of another set.
func (s *ids) addAll(t *ids) {
	switch {
	case t.many == nil:
		for _, id := range t.few {
			s.add(id)
		}
	case s.many == nil:
		few := s.few
		*s = ids{many: t.many.Clone()}
		s.many.AddMany(few)
	default:
		s.many.Or(t.many)
	}
}

// addTo adds the ids to a bitmap.
func (s *ids) addTo(b *roaring.Bitmap) {
	if s.many != nil {
		b.Or(s.many)
		return
	}
	b.AddMany(s.few)
}

// within removes all other ids from a bitmap. A nil bitmap means all ids. It returns the bitmap, or
// a new one.
func (s *ids) within(b *roaring.Bitmap) *roaring.Bitmap {
	switch {
	case b == nil && s.many != nil:
		return s.many.Clone()
	case b == nil:
		return roaring.BitmapOf(s.few...)
	case s.many != nil:
		b.And(s.many)
		return b
	}
	kept := roaring.New()
	for _, id := range s.few {
		if b.Contains(id) {
			kept.Add(id)
		}
	}
	return kept
}

// intersects reports whether a bitmap has one of the ids.
func (s *ids) intersects(b *roaring.Bitmap) bool {
	if s.many != nil {
		return s.many.Intersects(b)
	}
	return slices.ContainsFunc(s.few, b.Contains)
}
