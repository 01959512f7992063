// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/view"
)

// seen is what a grant allows that only shows objects.
const seen = view.OpList | view.OpGet

// operations returns what a list of operations allows. Update and Delete count only with
// List; List includes Get.
func operations(names []string, found *problems) view.Operations {
	var ops view.Operations
	for _, name := range names {
		switch name {
		case capsule.ListOperation:
			ops |= seen
		case capsule.GetOperation:
			ops |= view.OpGet
		case capsule.UpdateOperation:
			ops |= view.OpUpdate
		case capsule.DeleteOperation:
			ops |= view.OpDelete
		default:
			found.add(ReasonOperation, "operation %q", name)
		}
	}
	if !ops.Has(view.OpList) {
		ops &= view.OpGet
	}
	return ops
}

// ruleOperations are those of a rule, in which no operations mean List and Get.
func ruleOperations(names []string, found *problems) view.Operations {
	if len(names) == 0 {
		return seen
	}
	return operations(names, found)
}

// settingOperations are those of proxySettings, in which only List shows anything.
func settingOperations(names []string, found *problems) view.Operations {
	if ops := operations(names, found); ops.Has(view.OpList) {
		return ops
	}
	return 0
}
