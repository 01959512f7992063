// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kinds lists the served kinds. No other package knows them all.
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

// Options are the settings of kinds that an administrator may choose.
type Options struct {
	// ListNodeImages includes status.images in nodes, in lists, watches and gets.
	ListNodeImages bool
}

// All returns the kinds, always in the same order. The caller owns the result.
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
