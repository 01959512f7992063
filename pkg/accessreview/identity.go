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

// IdentityOf returns an identity that covers everything that authorization may depend on: name,
// uid, groups and extra attributes.
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

// manyGroups is the number of groups from which on an identity is remembered. Comparing hundreds of
// groups with those of the last request is cheaper than sorting and digesting them again.
const manyGroups = 32

// recent holds the identities of the most recently seen users with many groups.
var recent = lru.New(1024)

type recentKey struct {
	name, uid string
	groups    int
}

// digested is the identity of a user, with what distinguishes the user from others with the same
// recentKey.
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
		if key != credentialID {
			add(key)
			addAll(extra[key])
		}
	}
	return sha256.Sum256(buffer)
}

// credentialID is the extra attribute that names the token or the certificate of a request. It is left
// out of identities, and of what authorizers are asked: otherwise each token of a service account,
// of which its users can have any number, would make a review of its own.
const credentialID = user.CredentialIDKey

// HolderOf returns an identity that covers only what grants depend on. It leaves out the extra
// attributes, which differ between tokens of the same service account. State that is kept for a
// user is kept by holder, so that more tokens do not create more state.
func HolderOf(u user.Info) Identity {
	if known, ok := u.(*identified); ok {
		return known.holder()
	}
	return IdentityOf(&user.DefaultInfo{Name: u.GetName(), UID: u.GetUID(), Groups: u.GetGroups()})
}

// Identified returns the user with a cached identity. It is computed once, on first use.
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
