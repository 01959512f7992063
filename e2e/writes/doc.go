// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package writes tests updates, patches and deletions through a server with --enable-writes, in a control
// plane of its own, whose kube-apiserver writes an audit log.
package writes
