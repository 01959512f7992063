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
	// claimNamespace is the namespace of its claim, or "" without a claim.
	claimNamespace string
	// label is the name of the Tenant in Capsule's label.
	label string
	// bound and released depend on its phase. Both are false while a volume waits for a claim.
	bound, released bool
	// created is the creation time in seconds since 1970. kube-apiserver sets it.
	created int64
}

// PersistentVolume is an object with what decides which Tenant it belongs to.
type PersistentVolume struct {
	Object
	volume
}

// NewPersistentVolume is like NewObject.
func NewPersistentVolume(o *corev1.PersistentVolume) (PersistentVolume, error) {
	pv := PersistentVolume{volume: volume{label: intern(o.Labels[capsule.TenantLabel]), created: o.CreationTimestamp.Unix()}}
	switch o.Status.Phase {
	case corev1.VolumeBound:
		pv.bound = true
	case corev1.VolumeReleased, corev1.VolumeFailed: // Failed means released, but not reclaimed
		pv.released = true
	}
	if ref := o.Spec.ClaimRef; ref != nil {
		pv.claimNamespace = intern(ref.Namespace)
	}
	var err error
	pv.Object, err = NewObject(o)
	return pv, err
}

// PersistentVolumes takes the cluster's volumes.
func (c *Cluster) PersistentVolumes() *Sink[PersistentVolume] {
	return newSink(c, "", c.putVolume, c.deleteVolume, keysOf(c.volumes), c.views[volumeResource])
}

func (c *Cluster) putVolume(tx *view.Tx, item Item[PersistentVolume]) {
	name := item.Key.Name
	c.unindexVolume(name)
	pv := item.Value.volume
	c.volumes[name] = pv
	c.claimed.add(pv.claimNamespace, name)
	c.labelled.add(pv.label, name)
	tx.Put(c.views[volumeResource], published(name, &item.Value.Object, item.Version, c.tenantOfVolume(pv)))
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

// tenantOfVolume prefers the claim's namespace to the label. Only the control plane writes the
// claim's namespace, but any user who may label volumes can forge the label. There is one
// exception: a volume that is not Bound may name a namespace that was deleted and whose name
// another tenant has reused. Then the label comes first. Without a label, the namespace must be
// older than the volume.
func (c *Cluster) tenantOfVolume(pv volume) string {
	ns := c.namespaces[pv.claimNamespace]
	if c.rules.Policy().PVClaimRef == grants.PVClaimRefLabelOnly || ns == nil {
		return c.existing(pv.label)
	}
	switch {
	case pv.bound:
		return ns.tenant
	case pv.label != "":
		return c.existing(pv.label)
	case pv.released && ns.created > pv.created:
		return ""
	default:
		return ns.tenant
	}
}

// existing returns the name if a Tenant of that name exists, or else "".
func (c *Cluster) existing(tenant string) string {
	if c.tenants[tenant] == nil {
		return ""
	}
	return tenant
}
