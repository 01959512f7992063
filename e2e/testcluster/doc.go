// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package testcluster gives the tests of watches and of clients a control plane: it starts one for a test
// binary, writes objects into it and follows what a user is shown. It knows nothing of what he should see.
package testcluster
