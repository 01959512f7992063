// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const tenantLabel = "capsule.clastix.io/tenant"

// tenantSees reports whether an object is among those that the Tenant itself may see.
func (f *Filter) tenantSees(t *tenant, resource string, o metav1.Object) bool {
	switch resource {
	case "namespaces":
		return f.tenantOfNamespace(o.(*corev1.Namespace)) == t.Metadata.Name
	case "persistentvolumes":
		return f.tenantOfVolume(o.(*corev1.PersistentVolume)) == t.Metadata.Name
	case "nodes":
		return f.tenantSeesNode(t, o)
	case "storageclasses":
		return f.tenantSeesClass(t.Spec.StorageClasses, o)
	case "priorityclasses":
		return f.tenantSeesClass(t.Spec.PriorityClasses, o)
	case "runtimeclasses":
		return f.tenantSeesClass(t.Spec.RuntimeClasses, o)
	case "ingressclasses":
		return f.tenantSeesClass(t.Spec.IngressOptions.AllowedClasses, o)
	default:
		return false
	}
}

// tenantOfNamespace returns the Tenant that the namespace's only reference to a Tenant names by name
// and uid, or "".
func (f *Filter) tenantOfNamespace(ns *corev1.Namespace) string {
	var refs []metav1.OwnerReference
	for _, o := range ns.OwnerReferences {
		if o.Kind == "Tenant" && strings.HasPrefix(o.APIVersion, "capsule.clastix.io/") {
			refs = append(refs, o)
		}
	}
	if len(refs) != 1 || refs[0].UID == "" {
		return ""
	}
	if t := f.World.tenant(refs[0].Name); t != nil && t.Metadata.UID == refs[0].UID {
		return t.Metadata.Name
	}
	return ""
}

func (f *Filter) tenantOfNamespaceNamed(name string) string {
	if ns := f.World.namespace(name); ns != nil {
		return f.tenantOfNamespace(ns)
	}
	return ""
}

// tenantOfVolume returns the Tenant of a volume. The label decides if the claim's namespace is gone,
// or if the volume is not Bound and the label names another Tenant than the namespace's. Otherwise
// the namespace decides, unless it is younger than a released volume.
func (f *Filter) tenantOfVolume(pv *corev1.PersistentVolume) string {
	byLabel := ""
	if t := f.World.tenant(pv.Labels[tenantLabel]); t != nil {
		byLabel = t.Metadata.Name
	}
	if f.Policy.PVClaimRef == "LabelOnly" || pv.Spec.ClaimRef == nil {
		return byLabel
	}
	ns := f.World.namespace(pv.Spec.ClaimRef.Namespace)
	if ns == nil {
		return byLabel
	}
	byClaim := f.tenantOfNamespace(ns)
	if pv.Status.Phase == "Bound" {
		return byClaim
	}
	if label := pv.Labels[tenantLabel]; label != "" {
		if label == byClaim {
			return byClaim
		}
		return byLabel
	}
	wasClaimed := pv.Status.Phase == "Released" || pv.Status.Phase == "Failed"
	if wasClaimed && pv.CreationTimestamp.Time.Before(ns.CreationTimestamp.Time) {
		return ""
	}
	return byClaim
}

func (f *Filter) tenantSeesNode(t *tenant, o metav1.Object) bool {
	if len(t.Spec.NodeSelector) == 0 {
		return f.Policy.UnsetNodeSelector == "All"
	}
	for key, value := range t.Spec.NodeSelector {
		if got, ok := o.GetLabels()[key]; !ok || got != value {
			return false
		}
	}
	return true
}

func (f *Filter) tenantSeesClass(list *classList, o metav1.Object) bool {
	if list == nil {
		return f.Policy.UnsetClasses == "All"
	}
	if o.GetName() == list.Default || slices.Contains(list.Allowed, o.GetName()) {
		return true
	}
	if list.AllowedRegex != "" {
		if re, err := regexp.Compile(list.AllowedRegex); err == nil && re.MatchString(o.GetName()) {
			return true
		}
	}
	return selects(&list.LabelSelector, o.GetLabels())
}
