// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kinds collects the kinds that are served. It alone knows them all.
package kinds

import (
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/tenantingressclass"
	"capsule.dev/tenantview/pkg/registry/tenantnamespace"
	"capsule.dev/tenantview/pkg/registry/tenantnode"
	"capsule.dev/tenantview/pkg/registry/tenantpersistentvolume"
	"capsule.dev/tenantview/pkg/registry/tenantpriorityclass"
	"capsule.dev/tenantview/pkg/registry/tenantruntimeclass"
	"capsule.dev/tenantview/pkg/registry/tenantstorageclass"
)

// Options are what an administrator may choose about kinds.
type Options struct {
	// ListNodeImages includes status.images wherever nodes are shown.
	ListNodeImages bool
}

// All returns the kinds, always in the same order. The result is the caller's.
func All(options Options) []*registry.Kind {
	return []*registry.Kind{
		tenantnamespace.Kind(),
		tenantstorageclass.Kind(),
		tenantingressclass.Kind(),
		tenantpriorityclass.Kind(),
		tenantruntimeclass.Kind(),
		tenantnode.Kind(options.ListNodeImages),
		tenantpersistentvolume.Kind(),
	}
}
