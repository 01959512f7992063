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

// origins is how many there are: two servers have the same one by a chance of one in a million.
const origins = 1_000_000

// NewOrigin draws the origin of a server that starts.
func NewOrigin() Origin {
	return Origin(rand.Uint32N(origins)) //nolint:gosec // tells servers apart, keeps no secret
}

// version returns a revision of this server as a resourceVersion.
func (o Origin) version(revision uint64) uint64 { return revision*origins + uint64(o) }

func (o Origin) format(revision uint64) string { return strconv.FormatUint(o.version(revision), 10) }

// giver is who has given a client a resourceVersion.
type giver uint8

const (
	kubeAPIServer giver = iota
	thisServer
	anotherServer
	// nobody: a server would have to be further ahead of this one than any is.
	nobody
)

// maxAhead is by how many revisions a server may be ahead of another one: more than are made in
// the time by which one can be late.
const maxAhead = 100_000

// whose tells who has given a resourceVersion, by its size and its digits, and the revision that
// a server has meant by it. source is the upstream resourceVersion that the view has reached, and
// reached its revision. There is no telling apart where upstream ones have grown a thousandfold:
// what was given before is too old to matter.
func (o Origin) whose(version, source, reached uint64) (giver, uint64) {
	revision := version / origins
	switch {
	case version/1000 <= source:
		return kubeAPIServer, 0
	case version%origins == uint64(o):
		return thisServer, revision
	case revision <= reached+maxAhead:
		return anotherServer, revision
	default:
		return nobody, revision
	}
}
