// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import "capsule.dev/tenantview/pkg/grants"

// Warnings returns what the configuration allows although few administrators would expect it, one
// sentence or two for each. Nothing is refused because of them.
func (c *Config) Warnings() []string {
	if c.Writes == nil || c.Policy.ProxySettingGrants == grants.ProxySettingGrantsOwners {
		return nil
	}
	return []string{"With --enable-writes and --proxy-setting-grants=" + string(c.Policy.ProxySettingGrants) +
		", whoever may write a ProxySetting in one namespace of a Tenant can let any user, also himself, change and delete everything that the Tenant may see, even if no owner of the Tenant may." +
		" A Tenant without a node selector or class lists may see every node and class, unless the policy says otherwise." +
		" Set --proxy-setting-grants=Owners to limit ProxySettings to the operations that owners have."}
}
