// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"iter"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// configurationName is the name of the only configuration that Capsule reads.
const configurationName = "default"

var configurationOrigin = origin{source: configurationSource, name: configurationName}

// Configurations takes the cluster's CapsuleConfigurations.
func (c *Cluster) Configurations() *Sink[*capsule.Configuration] {
	return newSink(c, configurationSource, c.putConfiguration, c.deleteConfiguration, func() iter.Seq[Key] {
		return slices.Values([]Key{{Name: configurationName}})
	})
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

// missing returns the problems of an object that does not exist. Only the configuration has one:
// without it, Capsule has no users.
func (c *Cluster) missing(from origin) []grants.Problem {
	if from != configurationOrigin || !c.rules.Policy().CapsuleUsersOnly {
		return nil
	}
	return []grants.Problem{{Reason: grants.ReasonMissing, Detail: "without a configuration, Capsule has no users"}}
}
