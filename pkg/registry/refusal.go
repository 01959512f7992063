// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

// Reasons why something is refused, for metrics. docs/operate.md lists them.
const (
	// RefusedRequests and RefusedWatches: the user, or all users together, have too many under way.
	RefusedRequests = "requests"
	RefusedWatches  = "watches"
	// RefusedAnswers: large answers and bodies under way take too many bytes.
	RefusedAnswers = "answers"
	// RefusedNames: the user asks about too many single objects.
	RefusedNames = "names"
	// RefusedWaits: too many requests wait for a resourceVersion.
	RefusedWaits = "waits"
	// RefusedURI and RefusedSelector: it is too long, or too large.
	RefusedURI      = "uri"
	RefusedSelector = "selector"
	// RefusedConnections: an address, or all together, have too many connections.
	RefusedConnections = "connections"
)
