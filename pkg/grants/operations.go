// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/view"
)

// seen are the operations of a grant that only shows objects.
const seen = view.OpList | view.OpGet

// all are all operations.
const all = seen | view.OpUpdate | view.OpDelete

// tenantRuleOperations returns the operations that the rules of a ProxySetting can give. Beyond what
// the Tenant itself may see, they only show: otherwise, whoever may write one ProxySetting could
// change and delete every object of the cluster.
func (r *Rules) tenantRuleOperations() view.Operations {
	if r.policy.ProxySettingRules == ProxySettingRulesTenantBounded {
		return all
	}
	return seen
}

// operations returns the operations that a list allows. Update and Delete count only together with
// List. List includes Get.
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
			found.add(ReasonOperation, "unknown operation %q", name)
		}
	}
	if !ops.Has(view.OpList) {
		ops &= view.OpGet
	}
	return ops
}

// ruleOperations returns the operations of a rule. An empty list means List and Get.
func ruleOperations(names []string, found *problems) view.Operations {
	if len(names) == 0 {
		return seen
	}
	return operations(names, found)
}

// settingOperations returns the operations of proxySettings. Only List shows anything there.
func settingOperations(names []string, found *problems) view.Operations {
	if ops := operations(names, found); ops.Has(view.OpList) {
		return ops
	}
	return 0
}
