// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package capsule decodes those fields of Capsule's objects that decide what users see. It reads the
// objects of every version of Capsule since v0.2, and ignores unknown fields. It does not import
// Capsule, because Capsule's Go types would tie the server to one version.
package capsule
