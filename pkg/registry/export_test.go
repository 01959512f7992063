// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

// Bounds that the tests cross.
const (
	PageTTL        = pageTTL
	MaxLists       = maxLists
	MaxListsOfUser = maxListsOfUser
	MaxPagedBytes  = maxPagedBytes
	EntryBytes     = entryBytes
	MaxWait        = maxWait
	MaxIssued      = maxIssued
)

// KeepIssuedTo has about so many users remembered.
func (p *IssuedPositions) KeepIssuedTo(users int) { p.most = users * (1 + userBytes/issuedBytes) }

// Format returns a revision of a server as a resourceVersion.
func (id ServerID) Format(revision uint64) string { return id.format(revision) }

// WantsTable tells whether a context is one that WithWantsTable has noted it in.
var WantsTable = wantsTable
