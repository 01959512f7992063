// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"slices"
	"time"

	"capsule.dev/tenantview/pkg/apis/capsule"
)

// deciding are the resources that decide who may change objects. RoleBindings only show namespaces,
// and no namespace is written.
var deciding = []string{
	"namespaces", capsule.Tenants.Resource, capsule.ProxySettings.Resource,
	capsule.GlobalProxySettings.Resource, capsule.CapsuleConfiguration.Resource,
}

// WriteLag returns the longest lag of the sources that decide who may change objects, or 0 if none is
// behind.
func (s *Sources) WriteLag() time.Duration {
	var lag time.Duration
	for _, source := range s.sources {
		if slices.Contains(deciding, source.Name()) {
			lag = max(lag, source.Lag())
		}
	}
	return lag
}
