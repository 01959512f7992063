// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"math/rand/v2"
	"strconv"
)

// ServerID distinguishes the resourceVersions of a server from those of other servers. Each
// resourceVersion is a revision of a view followed by the six digits of the server's ID. Each
// server counts its own revisions: the same revision has another history on another server, or
// after a restart.
//
// The order of a server's resourceVersions is that of its revisions. They stay below 2^63, the
// largest number that some clients can read, as long as upstream ones stay below 9 * 10^12.
type ServerID uint32

// serverIDs is the number of IDs, including 0, which stands for none. Two servers have the same ID
// with a probability of one in a million.
const serverIDs = 1_000_000

// NewServerID returns a random ID, for a process that starts.
func NewServerID() ServerID {
	return ServerID(1 + rand.Uint32N(serverIDs-1)) //nolint:gosec // distinguishes servers, protects no secret
}

// version returns a revision of this server as a resourceVersion.
func (id ServerID) version(revision uint64) uint64 { return revision*serverIDs + uint64(id) }

func (id ServerID) format(revision uint64) string {
	return strconv.FormatUint(id.version(revision), 10)
}

// giver is the server that gave a client a resourceVersion.
type giver uint8

const (
	kubeAPIServer giver = iota
	thisServer
	anotherServer
)

// whoGave returns which server gave a resourceVersion, judging by its size and its last digits. If
// it was this server, whoGave also returns the revision. source is the upstream resourceVersion
// that the view has reached; the resourceVersions of tenantview servers are a million times as
// large. One given before source has grown a thousandfold cannot be recognized, but it is too old
// to matter.
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
