// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"math/rand/v2"
	"strconv"
)

// ServerID tells the resourceVersions of a server from those of any other: they are the revisions
// of its views, each followed by the six digits of the server. Servers count revisions each for
// itself, and the same revision stands for another past with another server, or after a restart.
//
// The order of a server's resourceVersions is that of its revisions. They stay below 2^63, which
// is as much as some clients can read, as long as upstream ones stay below 9 * 10^12.
type ServerID uint32

// serverIDs is how many there are, with the 0 that stands for none: two servers have the same one
// by a chance of one in a million.
const serverIDs = 1_000_000

func newServerID() ServerID {
	return ServerID(1 + rand.Uint32N(serverIDs-1)) //nolint:gosec // tells servers apart, keeps no secret
}

// version returns a revision of this server as a resourceVersion.
func (id ServerID) version(revision uint64) uint64 { return revision*serverIDs + uint64(id) }

func (id ServerID) format(revision uint64) string {
	return strconv.FormatUint(id.version(revision), 10)
}

// giver is who has given a client a resourceVersion.
type giver uint8

const (
	kubeAPIServer giver = iota
	thisServer
	anotherServer
)

// whoGave tells who has given a resourceVersion, by its size and its digits, and the revision
// that this server has meant by it. source is the upstream resourceVersion that the view has
// reached: those that servers give are a million times as large. There is no telling apart where
// it has grown a thousandfold since; what was given before is too old to matter.
func (id ServerID) whoGave(version, source uint64) (giver, uint64) {
	switch {
	case version/1000 <= source:
		return kubeAPIServer, 0
	case version%serverIDs == uint64(id):
		return thisServer, version / serverIDs
	default:
		return anotherServer, 0
	}
}
