// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package reference says who sees what in the most obvious way: it looks at every object and
// asks every Tenant, setting and role binding whether it shows the object. Tests compare the
// engine with it. So it shares no code with the packages that it judges, reads Capsule's
// objects by itself, keeps no index, and is slow.
package reference
