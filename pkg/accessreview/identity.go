// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package accessreview

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"

	"k8s.io/apiserver/pkg/authentication/user"
)

// Identity is a digest of a user.
type Identity [sha256.Size]byte

// IdentityOf tells users apart by everything that authorization may ask about.
func IdentityOf(u user.Info) Identity {
	var buffer []byte
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
	addAll(slices.Sorted(slices.Values(u.GetGroups())))
	extra := u.GetExtra()
	for _, key := range slices.Sorted(maps.Keys(extra)) {
		add(key)
		addAll(extra[key])
	}
	return sha256.Sum256(buffer)
}
