// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"cmp"
	"iter"
	"maps"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/view"
)

// setting is a ProxySetting.
type setting struct {
	*capsule.ProxySetting
	// tenant is the Tenant of its namespace, or "". It is the setting's key in settingsOf.
	tenant string
}

// ProxySettings takes the cluster's ProxySettings.
func (c *Cluster) ProxySettings() *Sink[*capsule.ProxySetting] {
	return newSink(c, settingSource, c.putSetting, c.deleteSetting, func() iter.Seq[Key] { return maps.Keys(c.settings) })
}

func (c *Cluster) putSetting(tx *view.Tx, item Item[*capsule.ProxySetting]) {
	s, existed := c.settings[item.Key]
	if existed && reflect.DeepEqual(s.Spec, item.Value.Spec) && s.CreationTimestamp.Equal(&item.Value.CreationTimestamp) {
		s.ProxySetting = item.Value
		return
	}
	if existed {
		c.revokeWrites(tx, s)
	} else {
		s = &setting{}
		c.settings[item.Key] = s
		c.settingsIn.add(item.Key.Namespace, item.Key)
	}
	s.ProxySetting = item.Value
	c.assignSetting(item.Key, false)
	c.pendingSettings.add(s.tenant, false)
}

func (c *Cluster) deleteSetting(tx *view.Tx, key types.NamespacedName) {
	s := c.settings[key]
	if s == nil {
		return
	}
	c.revokeWrites(tx, s)
	delete(c.settings, key)
	c.settingsIn.remove(key.Namespace, key)
	c.settingsOf.remove(s.tenant, key)
	c.pendingSettings.add(s.tenant, false)
}

// refreshSettingsIn reevaluates which Tenant the settings in a namespace belong to.
func (c *Cluster) refreshSettingsIn(namespace string) {
	for key := range c.settingsIn[namespace].All() {
		c.assignSetting(key, true)
	}
}

// assignSetting assigns a setting to the Tenant of its namespace. urgent is true if that may be
// another one because the namespace has moved.
func (c *Cluster) assignSetting(key types.NamespacedName, urgent bool) {
	s, tenant := c.settings[key], ""
	if ns := c.namespaces[key.Namespace]; ns != nil {
		tenant = ns.tenant
	}
	if tenant == s.tenant {
		return
	}
	c.settingsOf.remove(s.tenant, key)
	c.settingsOf.add(tenant, key)
	c.pendingSettings.add(s.tenant, urgent)
	c.pendingSettings.add(tenant, urgent)
	s.tenant = tenant
	if tenant == "" {
		c.problems.set(settingOrigin(key), nil) // grants nothing, whatever it says
	}
}

func (c *Cluster) refreshSettingsOf(tx *view.Tx, tenant string) {
	from := origin{source: settingSource, name: tenant}
	t := c.tenants[tenant]
	if t == nil {
		delete(c.applied, tenant)
		c.give(tx, from, nil)
		return
	}
	keys := slices.Collect(c.settingsOf[tenant].All())
	// The oldest first: users cannot take grants from others by writing new settings.
	slices.SortFunc(keys, func(a, b types.NamespacedName) int {
		return cmp.Or(c.settings[a].CreationTimestamp.Compare(c.settings[b].CreationTimestamp.Time), compareKeys(a, b))
	})
	settings := make([]*capsule.ProxySetting, len(keys))
	for i, key := range keys {
		settings[i] = c.settings[key].ProxySetting
	}
	held, found := c.rules.OfProxySettings(settings, t)
	c.give(tx, from, held)
	for i, key := range keys {
		c.problems.set(settingOrigin(key), found[i])
	}
	if len(settings) == 0 {
		delete(c.applied, tenant)
		return
	}
	c.applied[tenant] = settings
}

func settingOrigin(key types.NamespacedName) origin {
	return origin{settingSource, key.Namespace, key.Name}
}

// GlobalProxySettings takes the cluster's GlobalProxySettings.
func (c *Cluster) GlobalProxySettings() *Sink[*capsule.GlobalProxySetting] {
	return newSink(c, globalSettingSource, c.putGlobalSetting, c.deleteGlobalSetting, keysOf(c.globals))
}

func (c *Cluster) putGlobalSetting(tx *view.Tx, item Item[*capsule.GlobalProxySetting]) {
	c.globals[item.Key.Name] = item.Value
	held, found := c.rules.OfGlobalProxySetting(item.Value)
	from := origin{source: globalSettingSource, name: item.Key.Name}
	c.give(tx, from, held)
	c.problems.set(from, found)
}

func (c *Cluster) deleteGlobalSetting(tx *view.Tx, key types.NamespacedName) {
	delete(c.globals, key.Name)
	c.give(tx, origin{source: globalSettingSource, name: key.Name}, nil)
}
