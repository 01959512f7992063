// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package capsule decodes Capsule's objects: only the fields that decide who sees what, as
// they are written by every Capsule since v0.2. Unknown fields are ignored. The package
// does not import Capsule, whose Go types would tie the server to one of its versions.
package capsule
