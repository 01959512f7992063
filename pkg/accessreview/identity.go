// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package accessreview

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"sync"

	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/utils/lru"
)

// Identity is a digest of a user.
type Identity [sha256.Size]byte

// IdentityOf tells users apart by everything that authorization may ask about.
func IdentityOf(u user.Info) Identity {
	if known, ok := u.(*identified); ok {
		return known.identity()
	}
	if len(u.GetGroups()) < manyGroups {
		return digest(u)
	}
	key := recentKey{u.GetName(), u.GetUID(), len(u.GetGroups())}
	if known, ok := recent.Get(key); ok && known.(*digested).is(u) {
		return known.(*digested).identity
	}
	d := &digested{groups: slices.Clone(u.GetGroups()), extra: maps.Clone(u.GetExtra()), identity: digest(u)}
	recent.Add(key, d)
	return d.identity
}

// manyGroups is from how many groups on an identity is remembered: it is cheaper to compare
// hundreds of groups with those of the last request than to sort and digest them again.
const manyGroups = 32

// recent are the identities of the latest users with many groups.
var recent = lru.New(1024)

type recentKey struct {
	name, uid string
	groups    int
}

// digested is what tells apart the users of one recentKey.
type digested struct {
	groups   []string
	extra    map[string][]string
	identity Identity
}

func (d *digested) is(u user.Info) bool {
	return slices.Equal(d.groups, u.GetGroups()) && maps.EqualFunc(d.extra, u.GetExtra(), slices.Equal)
}

func digest(u user.Info) Identity {
	groups := u.GetGroups()
	if !slices.IsSorted(groups) {
		groups = slices.Sorted(slices.Values(groups))
	}
	size := 256
	for _, group := range groups {
		size += len(group) + 1
	}
	buffer := make([]byte, 0, size)
	add := func(s string) {
		buffer = binary.AppendUvarint(buffer, uint64(len(s)))
		buffer = append(buffer, s...)
	}
	addAll := func(list []string) {
		buffer = binary.AppendUvarint(buffer, uint64(len(list)))
		for _, s := range list {
			add(s)
		}
	}
	add(u.GetName())
	add(u.GetUID())
	addAll(groups)
	extra := u.GetExtra()
	for _, key := range slices.Sorted(maps.Keys(extra)) {
		add(key)
		addAll(extra[key])
	}
	return sha256.Sum256(buffer)
}

// HolderOf tells users apart by what grants ask about: not by their extra attributes, which
// are others with each token of the same service account. Whatever is kept or counted for a
// user is kept for the holder, so that more tokens do not make more of it.
func HolderOf(u user.Info) Identity {
	if known, ok := u.(*identified); ok {
		return known.holder()
	}
	return IdentityOf(&user.DefaultInfo{Name: u.GetName(), UID: u.GetUID(), Groups: u.GetGroups()})
}

// Identified returns the user, whose identity is computed once, when it is first asked for.
func Identified(u user.Info) user.Info {
	return &identified{
		Info:     u,
		identity: sync.OnceValue(func() Identity { return IdentityOf(u) }),
		holder:   sync.OnceValue(func() Identity { return HolderOf(u) }),
	}
}

type identified struct {
	user.Info
	identity, holder func() Identity
}
