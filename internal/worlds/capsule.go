// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package worlds

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// subjectName returns the name of a subject, and sometimes of a group of everybody.
func (r *Random) subjectName() string {
	return pick(r, "alice", "bob", "devs", "ops", bot, "", pick(r, "system:authenticated", "system:serviceaccounts", "system:unauthenticated"))
}

func (r *Random) subject() fields {
	return fields{"kind": pick(r, "User", "User", "Group", "Group", "ServiceAccount", "Robot"), "name": r.subjectName()}
}

func (r *Random) tenant() *unstructured.Unstructured {
	spec := fields{"owners": some(r, 3, func() any {
		o := r.subject()
		o["proxySettings"] = r.settings()
		return o
	})}
	if !r.sometimes(3) {
		spec["nodeSelector"] = fields{pick(r, "env", "pool"): pick(r, "a", "b", "")}
	}
	for _, kind := range []string{"storageClasses", "priorityClasses", "runtimeClasses"} {
		if !r.sometimes(4) {
			spec[kind] = r.classList()
		}
	}
	if !r.sometimes(4) {
		spec["ingressOptions"] = fields{"allowedClasses": r.classList()}
	}
	if r.sometimes(12) { // cannot be decoded
		spec[pick(r, "owners", "storageClasses", "nodeSelector")] = pick[any](r, "text", true, []any{true})
	}
	name := r.tenantName()
	o := object("capsule.clastix.io/v1beta2", "Tenant", "", name, nil, fields{"spec": spec})
	o.Object["metadata"].(fields)["uid"] = name + r.uid()
	if r.sometimes(3) {
		o.Object["status"] = fields{"owners": some(r, 2, func() any { return r.subject() })}
	}
	return o
}

func (r *Random) settings() []any {
	return some(r, 3, func() any {
		return fields{
			"kind": pick(r, "Nodes", "StorageClasses", "IngressClasses", "PriorityClasses", "RuntimeClasses", "PersistentVolumes", "Pods"),
			"operations": some(r, 3, func() any {
				return pick(r, "List", "List", "List", "Get", "Update", "Delete", "Watch")
			}),
		}
	})
}

func (r *Random) classList() any {
	list := fields{}
	if r.sometimes(2) {
		list["allowed"] = some(r, 2, func() any { return pick(r, r.className(), "") })
	}
	if r.sometimes(4) {
		list["default"] = pick(r, r.className(), "")
	}
	if r.sometimes(4) {
		list["allowedRegex"] = pick(r, "^ssd-", "old|fast", "(", ".*", "")
	}
	if r.sometimes(3) {
		for key, value := range r.selector() {
			list[key] = value
		}
	}
	return list
}

// selector generates a label selector. Most are valid and have requirements.
func (r *Random) selector() fields {
	s := fields{}
	if r.sometimes(2) {
		s["matchLabels"] = fields{r.labelKey(): pick(r, "a", "b", "", "not valid")}
	}
	if r.sometimes(2) {
		s["matchExpressions"] = some(r, 2, func() any {
			e := fields{"key": r.labelKey(), "operator": pick(r, "In", "NotIn", "Exists", "DoesNotExist", "Like")}
			if e["operator"] == "In" || e["operator"] == "NotIn" || r.sometimes(6) {
				e["values"] = some(r, 3, func() any { return pick(r, "a", "b", "", "a,b") })
			}
			return e
		})
	}
	return s
}

func (r *Random) labelKey() string {
	return pick(r, "env", "pool", "example.com/tier", "env", "pool", "example.com/tier", "capsule.clastix.io/tenant", "not valid")
}

func (r *Random) rule() any {
	rule := fields{
		"apiGroups": some(r, 2, func() any {
			return pick(r, "*", "*", "", "storage.k8s.io", "*.k8s.io", "storage.k8s.io/*", "/v1", "*/v1", "v1", "node.k8s.io/v2")
		}),
		"resources": some(r, 2, func() any {
			return pick(r, "*", "*", "namespaces", "nodes", "persistentvolumes", "storageclasses", "StorageClass")
		}),
	}
	if r.sometimes(2) {
		rule["operations"] = some(r, 3, func() any { return pick(r, "List", "List", "Get", "Get", "Update", "Delete", "Watch") })
	}
	if !r.sometimes(6) {
		rule["selector"] = r.selector()
	}
	return rule
}

func (r *Random) proxySetting() *unstructured.Unstructured {
	return object("capsule.clastix.io/v1beta1", "ProxySetting", r.namespaceName(), pick(r, "ps1", "ps2"), nil, fields{
		"spec": fields{"subjects": some(r, 3, func() any {
			s := r.subject()
			s["proxySettings"] = r.settings()
			s["clusterResources"] = some(r, 2, r.rule)
			if r.sometimes(20) { // cannot be decoded
				s["clusterResources"] = fields{}
			}
			return s
		})},
	})
}

func (r *Random) globalProxySettings() *unstructured.Unstructured {
	return object("capsule.clastix.io/v1beta1", "GlobalProxySettings", "", pick(r, "gps1", "gps2"), nil, fields{
		"spec": fields{"rules": some(r, 2, func() any {
			return fields{
				"subjects":         some(r, 2, func() any { return r.subject() }),
				"clusterResources": some(r, 3, r.rule),
			}
		})},
	})
}

func (r *Random) configuration() *unstructured.Unstructured {
	names := func() []any { return some(r, 2, func() any { return r.subjectName() }) }
	users := func() []any { return some(r, 2, func() any { return r.subject() }) }
	return object("capsule.clastix.io/v1beta2", "CapsuleConfiguration", "", pick(r, "default", "default", "other"), nil, fields{
		"spec":   fields{"users": users(), "userNames": names(), "userGroups": names(), "ignoreUserWithGroups": some(r, 1, func() any { return "ops" })},
		"status": fields{"users": users()},
	})
}
