// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// volume is what decides which Tenant a PersistentVolume belongs to.
type volume struct {
	// claimNamespace is that of its claim, "" without one.
	claimNamespace string
	// label is the Tenant that Capsule's label names.
	label string
}

// PersistentVolumes takes the cluster's volumes.
func (c *Cluster) PersistentVolumes() *Sink[*corev1.PersistentVolume] {
	return newSink(c, "", c.putVolume, c.deleteVolume, c.views[volumeResource])
}

func (c *Cluster) putVolume(tx *view.Tx, item Item[*corev1.PersistentVolume]) {
	name := item.Key.Name
	c.unindexVolume(name)
	pv := volume{label: item.Value.Labels[capsule.TenantLabel]}
	if ref := item.Value.Spec.ClaimRef; ref != nil {
		pv.claimNamespace = ref.Namespace
	}
	c.volumes[name] = pv
	c.claimed.add(pv.claimNamespace, name)
	c.labelled.add(pv.label, name)
	tx.Put(c.views[volumeResource], published(item.Value, item.Version, c.tenantOfVolume(pv)))
}

func (c *Cluster) deleteVolume(tx *view.Tx, key types.NamespacedName) {
	c.unindexVolume(key.Name)
	delete(c.volumes, key.Name)
	tx.Delete(c.views[volumeResource], key.Name)
}

func (c *Cluster) unindexVolume(name string) {
	pv := c.volumes[name]
	c.claimed.remove(pv.claimNamespace, name)
	c.labelled.remove(pv.label, name)
}

func (c *Cluster) refreshVolume(tx *view.Tx, name string) {
	tx.SetPartition(c.views[volumeResource], name, c.tenantOfVolume(c.volumes[name]))
}

// tenantOfVolume asks the claim's namespace, which only the control plane writes, before
// the label, which whoever may label volumes can forge.
func (c *Cluster) tenantOfVolume(pv volume) string {
	if c.rules.Policy().PVClaimRef == grants.PVClaimRefAuthoritative && pv.claimNamespace != "" {
		if ns := c.namespaces[pv.claimNamespace]; ns != nil {
			return ns.tenant
		}
	}
	if c.tenants[pv.label] == nil {
		return ""
	}
	return pv.label
}
