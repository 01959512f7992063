// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package reference decides what users see in the most obvious way: for every object, it checks
// whether any Tenant, setting or role binding shows it. Tests compare the engine with it. So it
// shares no code with the packages under test, decodes Capsule's objects itself, keeps no index, and
// is slow.
package reference
