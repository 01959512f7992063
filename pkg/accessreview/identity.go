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
func IdentityOf(u user.Info) Identity { return identitiesOf(u).full }

// HolderOf returns an identity that covers only what grants depend on. It leaves out the extra
// attributes, which differ between tokens of the same service account. State that is kept for a
// user is kept by holder, so that more tokens do not create more state.
func HolderOf(u user.Info) Identity { return identitiesOf(u).holder }

// identities are both identities of a user. They are equal if there are no extra attributes.
type identities struct{ full, holder Identity }

// identitiesOf returns the identities of a user. Finding those of a user in hundreds of groups costs more
// than the rest of authorization, so they are remembered: in the user if Identified made it, and else
// for the next request.
func identitiesOf(u user.Info) identities {
	if known, ok := u.(*identified); ok {
		known.once.Do(func() { known.identities = identitiesOf(known.Info) })
		return known.identities
	}
	if len(u.GetGroups()) < manyGroups {
		return digest(u)
	}
	key := recentKey{u.GetName(), u.GetUID(), len(u.GetGroups())}
	if known, ok := recent.Get(key); ok && known.(*digested).is(u) {
		return known.(*digested).identities
	}
	d := &digested{groups: slices.Clone(u.GetGroups()), extra: maps.Clone(u.GetExtra()), identities: digest(u)}
	delete(d.extra, credentialID)
	if d.size()+len(key.name)+len(key.uid) <= maxRemembered {
		recent.Add(key, d)
	}
	return d.identities
}

// manyGroups is the number of groups from which on identities are remembered. Comparing hundreds of
// groups with those of the last request is cheaper than sorting and digesting them again.
const manyGroups = 32

// recentUsers is how many users with many groups are remembered, and maxRemembered the size up to which
// one is, in bytes: 600 groups with names of 35 characters. So all take at most 32 MiB.
const (
	recentUsers   = 1024
	maxRemembered = 32 << 10
)

// recent holds the identities of the most recently seen users with many groups.
var recent = lru.New(recentUsers)

type recentKey struct {
	name, uid string
	groups    int
}

// digested are the identities of a user, with what distinguishes the user from others with the same
// recentKey.
type digested struct {
	groups []string
	// extra is without credentialID.
	extra map[string][]string
	identities
}

func (d *digested) is(u user.Info) bool {
	if !slices.Equal(d.groups, u.GetGroups()) {
		return false
	}
	n := 0
	for key, values := range u.GetExtra() {
		if key == credentialID {
			continue
		}
		known, ok := d.extra[key]
		if !ok || !slices.Equal(known, values) {
			return false
		}
		n++
	}
	return n == len(d.extra)
}

// size returns about how many bytes it takes.
func (d *digested) size() int {
	const header = 16 // of a string
	size := 0
	for _, group := range d.groups {
		size += len(group) + header
	}
	for key, values := range d.extra {
		size += len(key) + 3*header
		for _, value := range values {
			size += len(value) + header
		}
	}
	return size
}

// These begin what is digested, so that no holder has the digest of a user with extra attributes.
const (
	ofHolder byte = iota
	ofExtra
)

func digest(u user.Info) identities {
	groups := u.GetGroups()
	if !slices.IsSorted(groups) {
		groups = slices.Clone(groups)
		slices.Sort(groups)
	}
	d := append(make([]byte, 0, 512), ofHolder)
	d = appendString(d, u.GetName())
	d = appendString(d, u.GetUID())
	d = appendStrings(d, groups)
	holder := Identity(sha256.Sum256(d))

	extra := u.GetExtra()
	keys := make([]string, 0, len(extra))
	for key := range extra {
		if key != credentialID {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return identities{holder, holder}
	}
	slices.Sort(keys)
	d = append(append(d[:0], ofExtra), holder[:]...)
	for _, key := range keys {
		d = appendString(d, key)
		d = appendStrings(d, extra[key])
	}
	return identities{sha256.Sum256(d), holder}
}

// appendString appends a string with its length to what is digested.
func appendString(d []byte, s string) []byte {
	return append(binary.AppendUvarint(d, uint64(len(s))), s...)
}

func appendStrings(d []byte, list []string) []byte {
	d = binary.AppendUvarint(d, uint64(len(list)))
	for _, s := range list {
		d = appendString(d, s)
	}
	return d
}

// credentialID is the extra attribute that names the token or the certificate of a request. It is left
// out of identities, and of what authorizers are asked: otherwise each token of a service account,
// of which its users can have any number, would make a review of its own.
const credentialID = user.CredentialIDKey

// Identified returns the user with its identities. They are found once, on first use. The user must not be
// changed from then on.
func Identified(u user.Info) user.Info {
	if known, ok := u.(*identified); ok {
		return known
	}
	return &identified{Info: u}
}

type identified struct {
	user.Info
	once sync.Once
	identities
}
