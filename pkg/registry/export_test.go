// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import "capsule.dev/tenantview/pkg/view"

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

// KeepIssuedTo limits what is remembered to about that many users.
func (p *IssuedPositions) KeepIssuedTo(users int) { p.most = users * (1 + userBytes/issuedBytes) }

// Format returns a revision of a server as a resourceVersion.
func (id ServerID) Format(revision uint64) string { return id.format(revision) }

// WantsTable returns whether WithForm has marked a context.
var WantsTable = wantsTable

// NewEncodingsOf returns Encodings with another limit.
func NewEncodingsOf(limit int) *Encodings { return &Encodings{limit: limit} }

// Of returns the encoding of an entry.
func (c *Encodings) Of(k *Kind, e *view.Entry, id ServerID, keep bool) ([]byte, error) {
	return c.of(k, e, id, keep)
}
