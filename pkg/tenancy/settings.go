// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"reflect"

	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// configurationName is that of the one configuration which Capsule reads.
const configurationName = "default"

var configurationOrigin = origin{source: configurationSource, name: configurationName}

// ProxySettings takes the cluster's ProxySettings.
func (c *Cluster) ProxySettings() *Sink[*capsule.ProxySetting] {
	return newSink(c, settingSource, c.putSetting, c.deleteSetting)
}

// GlobalProxySettings takes the cluster's GlobalProxySettings.
func (c *Cluster) GlobalProxySettings() *Sink[*capsule.GlobalProxySetting] {
	return newSink(c, globalSettingSource, c.putGlobalSetting, c.deleteGlobalSetting)
}

// Configurations takes the cluster's CapsuleConfigurations.
func (c *Cluster) Configurations() *Sink[*capsule.Configuration] {
	return newSink(c, configurationSource, c.putConfiguration, c.deleteConfiguration)
}

func (c *Cluster) putSetting(tx *view.Tx, item Item[*capsule.ProxySetting]) {
	previous := c.settings[item.Key]
	c.settings[item.Key] = item.Value
	if previous != nil && reflect.DeepEqual(previous.Spec, item.Value.Spec) {
		return
	}
	c.settingsIn.add(item.Key.Namespace, item.Key)
	c.refreshSetting(tx, item.Key)
}

func (c *Cluster) deleteSetting(tx *view.Tx, key types.NamespacedName) {
	delete(c.settings, key)
	c.settingsIn.remove(key.Namespace, key)
	c.give(tx, settingOrigin(key), nil)
}

func (c *Cluster) refreshSettingsIn(tx *view.Tx, namespace string) {
	for key := range c.settingsIn[namespace] {
		c.refreshSetting(tx, key)
	}
}

func (c *Cluster) refreshSetting(tx *view.Tx, key types.NamespacedName) {
	var tenant *capsule.Tenant
	if ns := c.namespaces[key.Namespace]; ns != nil && ns.tenant != "" {
		tenant = c.tenants[ns.tenant]
	}
	held, found := c.rules.OfProxySetting(c.settings[key], tenant)
	c.give(tx, settingOrigin(key), held)
	c.problems.set(settingOrigin(key), found)
}

func settingOrigin(key types.NamespacedName) origin {
	return origin{settingSource, key.Namespace, key.Name}
}

func (c *Cluster) putGlobalSetting(tx *view.Tx, item Item[*capsule.GlobalProxySetting]) {
	held, found := c.rules.OfGlobalProxySetting(item.Value)
	from := origin{source: globalSettingSource, name: item.Key.Name}
	c.give(tx, from, held)
	c.problems.set(from, found)
}

func (c *Cluster) deleteGlobalSetting(tx *view.Tx, key types.NamespacedName) {
	c.give(tx, origin{source: globalSettingSource, name: key.Name}, nil)
}

func (c *Cluster) putConfiguration(_ *view.Tx, item Item[*capsule.Configuration]) {
	if item.Key.Name != configurationName {
		return
	}
	gate, found := grants.NewGate(item.Value)
	c.setGate(gate)
	c.problems.set(configurationOrigin, found)
}

func (c *Cluster) deleteConfiguration(_ *view.Tx, key types.NamespacedName) {
	if key.Name == configurationName {
		c.setGate(&grants.Gate{})
	}
}

// missing returns what is wrong when there is no object of an origin: nothing, but for the
// configuration, without which there are no users of Capsule.
func (c *Cluster) missing(from origin) []grants.Problem {
	if from != configurationOrigin || !c.rules.Policy().CapsuleUsersOnly {
		return nil
	}
	return []grants.Problem{{Reason: grants.ReasonMissing, Detail: "without a configuration, nobody is a user of Capsule"}}
}
