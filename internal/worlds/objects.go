// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package worlds

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type fields = map[string]any

func object(apiVersion, kind, namespace, name string, labels fields, rest fields) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: rest}
	o.SetAPIVersion(apiVersion)
	o.SetKind(kind)
	o.SetNamespace(namespace)
	o.SetName(name)
	if len(labels) > 0 {
		o.Object["metadata"].(fields)["labels"] = labels
	}
	return o
}

// labels generates the labels of an object. Selectors use the same keys and values.
func (r *Random) labels() fields {
	labels := fields{}
	for _, key := range []string{"env", "pool", "example.com/tier"} {
		if value := pick(r, "a", "b", "", "none"); value != "none" {
			labels[key] = value
		}
	}
	if r.sometimes(3) {
		labels["capsule.clastix.io/tenant"] = r.tenantName()
	}
	return labels
}

func (r *Random) tenantName() string    { return pick(r, "solar", "wind", "water") }
func (r *Random) namespaceName() string { return pick(r, "a", "b", "c", "d") }
func (r *Random) uid() string           { return pick(r, "1", "1", "1", "2") }

func (r *Random) namespace() *unstructured.Unstructured {
	o := object("v1", "Namespace", "", r.namespaceName(), r.labels(), fields{})
	var owners []any
	for range pick(r, 0, 1, 1, 1, 1, 2) {
		tenant := r.tenantName()
		owners = append(owners, fields{
			"apiVersion": pick(r, "capsule.clastix.io/v1beta2", "capsule.clastix.io/v1beta2", "capsule.clastix.io/v1beta2", "capsule.clastix.io/v9", "example.com/v1"),
			"kind":       pick(r, "Tenant", "Tenant", "Tenant", "Tenant", "Other"),
			"name":       tenant, "uid": tenant + r.uid(),
		})
	}
	if owners != nil {
		o.Object["metadata"].(fields)["ownerReferences"] = owners
	}
	r.created(o)
	return o
}

func (r *Random) volume() *unstructured.Unstructured {
	spec, status := fields{}, fields{}
	if !r.sometimes(4) {
		spec["claimRef"] = fields{"namespace": r.namespaceName(), "name": "data"}
	}
	if phase := pick(r, "Bound", "Bound", "Released", "Released", "Failed", "Available", "Pending", ""); phase != "" {
		status["phase"] = phase
	}
	o := object("v1", "PersistentVolume", "", pick(r, "pv1", "pv2", "pv3"), r.labels(), fields{"spec": spec, "status": status})
	r.created(o)
	return o
}

// created sets the creation time of an object, except sometimes.
func (r *Random) created(o *unstructured.Unstructured) {
	if at := pick(r, "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "2026-01-02T00:00:00Z", ""); at != "" {
		o.Object["metadata"].(fields)["creationTimestamp"] = at
	}
}

func (r *Random) node() *unstructured.Unstructured {
	return object("v1", "Node", "", pick(r, "n1", "n2", "n3"), r.labels(), fields{})
}

func (r *Random) className() string { return pick(r, "gold", "silver", "ssd-fast", "ssd-slow") }

func (r *Random) class() *unstructured.Unstructured {
	kind := pick(r, []string{"storage.k8s.io/v1", "StorageClass"}, []string{"networking.k8s.io/v1", "IngressClass"},
		[]string{"scheduling.k8s.io/v1", "PriorityClass"}, []string{"node.k8s.io/v1", "RuntimeClass"})
	return object(kind[0], kind[1], "", r.className(), r.labels(), fields{})
}

func (r *Random) binding() *unstructured.Unstructured {
	const rbac = "rbac.authorization.k8s.io"
	subjects := some(r, 3, func() any {
		if r.sometimes(4) {
			return fields{"kind": "ServiceAccount", "namespace": pick(r, "a", "b"), "name": "bot"}
		}
		return fields{"apiGroup": rbac, "kind": pick(r, "User", "Group"), "name": r.subjectName()}
	})
	return object(rbac+"/v1", "RoleBinding", r.namespaceName(), pick(r, "rb1", "rb2"), nil, fields{
		"roleRef":  fields{"apiGroup": rbac, "kind": pick(r, "Role", "ClusterRole"), "name": pick(r, "r1", "r2")},
		"subjects": subjects,
	})
}

func (r *Random) role() *unstructured.Unstructured {
	rules := some(r, 2, func() any {
		rule := fields{
			"verbs":     []any{pick(r, "get", "*", "list")},
			"apiGroups": []any{pick(r, "", "*", "apps")},
			"resources": []any{pick(r, "namespaces", "*", "pods", "namespaces/status")},
		}
		if r.sometimes(3) {
			rule["resourceNames"] = []any{r.namespaceName(), r.namespaceName()}
		}
		return rule
	})
	if r.sometimes(2) {
		return object("rbac.authorization.k8s.io/v1", "ClusterRole", "", pick(r, "r1", "r2"), nil, fields{"rules": rules})
	}
	return object("rbac.authorization.k8s.io/v1", "Role", r.namespaceName(), pick(r, "r1", "r2"), nil, fields{"rules": rules})
}
