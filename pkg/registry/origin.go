// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"math/rand/v2"
	"strconv"
)

// Origin tells the resourceVersions of a server from those of any other: they are the revisions
// of its views, each followed by the six digits of the server. Servers count revisions each for
// itself, and the same revision stands for another past with another server, or after a restart.
//
// The order of a server's resourceVersions is that of its revisions. They stay below 2^63, which
// is as much as some clients can read, as long as upstream ones stay below 9 * 10^12.
type Origin uint32

// origins is how many there are, with the 0 that stands for none: two servers have the same one
// by a chance of one in a million.
const origins = 1_000_000

func newOrigin() Origin {
	return Origin(1 + rand.Uint32N(origins-1)) //nolint:gosec // tells servers apart, keeps no secret
}

// version returns a revision of this server as a resourceVersion.
func (o Origin) version(revision uint64) uint64 { return revision*origins + uint64(o) }

func (o Origin) format(revision uint64) string { return strconv.FormatUint(o.version(revision), 10) }

// issuer is who has given a client a resourceVersion.
type issuer uint8

const (
	kubeAPIServer issuer = iota
	thisServer
	anotherServer
)

// issuerOf tells who has given a resourceVersion, by its size and its digits, and the revision
// that this server has meant by it. source is the upstream resourceVersion that the view has
// reached: those that servers give are a million times as large. There is no telling apart where
// it has grown a thousandfold since; what was given before is too old to matter.
func (o Origin) issuerOf(version, source uint64) (issuer, uint64) {
	switch {
	case version/1000 <= source:
		return kubeAPIServer, 0
	case version%origins == uint64(o):
		return thisServer, version / origins
	default:
		return anotherServer, 0
	}
}
