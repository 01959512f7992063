// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"testing"
)

// step is a change of the cluster, the sources of grants that it affects, and the expected events.
type step struct {
	do      func(*testing.T, *scene)
	sources []string
	want    func(kind) []string
	// compact takes equal events in a row for one, and sorted any order for that of the names.
	compact, sorted bool
}

// row is a sequence of steps that the watches of one user follow from the beginning.
type row struct {
	// before are the objects at the start, in YAML. initial are the initial events of watches.
	before  string
	initial func(kind) []string
	query   string
	steps   []step
}

var (
	solar = tenant("solar$", byUser)
	wind  = tenant("wind$", byUser)
)

func put(source string) func(*testing.T, *scene) {
	return func(t *testing.T, s *scene) { s.create(t, source) }
}

func give(name, tenant string) func(*testing.T, *scene) {
	return func(t *testing.T, s *scene) { s.give(t, name, tenant) }
}

func edit(kind, name, patch string) func(*testing.T, *scene) {
	return func(t *testing.T, s *scene) { s.patch(t, kind, name, patch) }
}

func editAll(name, patch string) func(*testing.T, *scene) {
	return func(t *testing.T, s *scene) {
		for _, k := range kinds {
			s.patch(t, k.UpstreamKind, name, patch)
		}
	}
}

func remove(kind, namespace, name string) func(*testing.T, *scene) {
	return func(t *testing.T, s *scene) { s.remove(t, kind, namespace, name) }
}

func removeAll(name string) func(*testing.T, *scene) {
	return func(t *testing.T, s *scene) {
		for _, k := range kinds {
			s.remove(t, k.UpstreamKind, "", name)
		}
	}
}

func owners(owners ...string) string {
	all := ""
	for _, o := range owners {
		all += o + ", "
	}
	return "spec: {owners: [" + all + "]}"
}

// TestEvents checks that every watch gets exactly the right events. If one is missing, an informer is wrong
// until it lists again. If there is one too many, a client takes an unchanged object for a new one. If one
// shows an object that the user must not see, tenants are not isolated.
func TestEvents(t *testing.T) {
	rows := map[string]row{
		"an object is made, modified and deleted": {
			before: solar, initial: nothing,
			steps: []step{
				{do: put(everyKind("x$", "solar$")), want: all("ADDED x$")},
				{do: editAll("x$", "metadata: {annotations: {a: b}}"), want: all("MODIFIED x$")},
				// A namespace is first Terminating; how often its status changes then is the controller's.
				{do: removeAll("x$"), compact: true, want: func(k kind) []string {
					if k.UpstreamKind == "Namespace" {
						return []string{"MODIFIED x$", "DELETED x$"}
					}
					return []string{"DELETED x$"}
				}},
				{do: put(everyKind("x$", "solar$")), want: all("ADDED x$")},
			},
		},
		"nobody else's objects": {
			before: solar + tenant("wind$", "{kind: User, name: bob}") + everyKind("x$", "solar$"), initial: all("ADDED x$"),
			steps: []step{
				{do: put(everyKind("y$", "wind$") + everyKind("z$", "")), want: nothing},
				{do: editAll("y$", "metadata: {annotations: {a: b}}"), want: nothing},
				{do: removeAll("y$"), want: nothing},
			},
		},
		"an object is given to the tenant and taken from it": {
			before: solar + everyKind("x$", ""), initial: nothing,
			steps: []step{
				{do: give("x$", "solar$"), want: all("ADDED x$")},
				{do: give("x$", ""), want: all("DELETED x$")},
				// Later changes of the object cause no events.
				{do: editAll("x$", "metadata: {annotations: {a: b}}"), want: nothing},
				{do: removeAll("x$"), want: nothing},
			},
		},
		"an object moves between two tenants of the user": {
			before: solar + wind + everyKind("x$", "solar$"), initial: all("ADDED x$"),
			steps: []step{
				{do: give("x$", "wind$"), want: all("MODIFIED x$")},
				{do: give("x$", "solar$"), want: all("MODIFIED x$")},
			},
		},
		"the classes of a tenant are edited": {
			before: solar + everyKind("x$", "solar$") + everyKind("y$", ""), initial: all("ADDED x$"),
			steps: []step{
				{
					do: edit("Tenant", "solar$", "spec: {storageClasses: {matchLabels: null, allowed: [y$]}, priorityClasses: {matchLabels: null, allowed: [y$]},"+
						"runtimeClasses: {matchLabels: null, allowed: [y$]}, ingressOptions: {allowedClasses: {matchLabels: null, allowed: [y$]}}}"),
					sources: []string{"Tenant"}, want: only([]string{"DELETED x$", "ADDED y$"}, classes...),
				},
				{
					do: edit("Tenant", "solar$", "spec: {storageClasses: {allowed: [x$, y$]}, priorityClasses: {allowed: [x$, y$]},"+
						"runtimeClasses: {allowed: [x$, y$]}, ingressOptions: {allowedClasses: {allowed: [x$, y$]}}}"),
					sources: []string{"Tenant"}, want: only([]string{"ADDED x$"}, classes...),
				},
				{
					do:      edit("Tenant", "solar$", "spec: {nodeSelector: {e2e-tenant: other}}"),
					sources: []string{"Tenant"}, want: only([]string{"DELETED x$"}, "nodes"),
				},
			},
		},
		"an owner comes and goes": {
			before: tenant("solar$") + everyKind("x$", "solar$") + everyKind("y$", "solar$"), initial: nothing,
			steps: []step{
				{do: edit("Tenant", "solar$", owners(byUser)), sources: []string{"Tenant"}, want: all("ADDED x$", "ADDED y$")},
				{do: edit("Tenant", "solar$", owners()), sources: []string{"Tenant"}, want: all("DELETED x$", "DELETED y$")},
				{do: edit("Tenant", "solar$", owners(byGroup)), sources: []string{"Tenant"}, want: all("ADDED x$", "ADDED y$")},
			},
		},
		"a user loses by name what he keeps by group": {
			before: tenant("solar$", byUser, byGroup) + everyKind("x$", "solar$"), initial: all("ADDED x$"),
			steps: []step{
				{do: edit("Tenant", "solar$", owners(byGroup)), sources: []string{"Tenant"}, want: nothing},
				{do: edit("Tenant", "solar$", owners(byUser)), sources: []string{"Tenant"}, want: nothing},
				{do: edit("Tenant", "solar$", owners()), sources: []string{"Tenant"}, want: all("DELETED x$")},
			},
		},
		"a tenant is deleted with its namespaces": {
			before: solar + everyKind("x$", "solar$") + everyKind("y$", "solar$"), initial: all("ADDED x$", "ADDED y$"),
			steps: []step{
				{do: remove("Tenant", "", "solar$"), sources: []string{"Tenant"}, want: all("DELETED x$", "DELETED y$"), sorted: true},
			},
		},
		"a ProxySetting comes and goes": {
			before: tenant("solar$") + everyKind("x$", "solar$"), initial: nothing,
			steps: []step{
				{
					do: put(`{apiVersion: capsule.clastix.io/v1beta1, kind: ProxySetting, metadata: {name: ps, namespace: x$}, spec: {subjects: [
  {kind: User, name: alice$, proxySettings: [{kind: Nodes, operations: [List]}, {kind: StorageClasses, operations: [List]},
   {kind: IngressClasses, operations: [List]}, {kind: PriorityClasses, operations: [List]}, {kind: RuntimeClasses, operations: [List]},
   {kind: PersistentVolumes, operations: [List]}]}]}}`),
					sources: []string{"ProxySetting"}, want: all("ADDED x$"),
				},
				{do: remove("ProxySetting", "x$", "ps"), sources: []string{"ProxySetting"}, want: all("DELETED x$")},
			},
		},
		"a GlobalProxySettings comes and goes": {
			before: everyKindWith("x$", "labels: {app: app$}") + everyKindWith("y$", "labels: {app: app$, env: prod}"), initial: nothing,
			steps: []step{
				{
					do: put(`{apiVersion: capsule.clastix.io/v1beta1, kind: GlobalProxySettings, metadata: {name: gps$}, spec: {rules: [
  {subjects: [{kind: User, name: alice$}], clusterResources: [
   {apiGroups: ["*"], resources: ["*"], operations: [List], selector: {matchLabels: {app: app$}}}]}]}}`),
					sources: []string{"GlobalProxySettings"}, want: all("ADDED x$", "ADDED y$"),
				},
				{do: editAll("x$", "metadata: {labels: {app: null}}"), want: all("DELETED x$")},
				{do: editAll("x$", "metadata: {labels: {app: app$}}"), want: all("ADDED x$")},
				{
					do: edit("GlobalProxySettings", "gps$", `{spec: {rules: [{subjects: [{kind: Group, name: devs$}], clusterResources: [
   {apiGroups: ["*"], resources: ["*"], operations: [List], selector: {matchLabels: {app: app$, env: prod}}}]}]}}`),
					sources: []string{"GlobalProxySettings"}, want: all("DELETED x$"),
				},
				{do: remove("GlobalProxySettings", "", "gps$"), sources: []string{"GlobalProxySettings"}, want: all("DELETED y$")},
			},
		},
		"a RoleBinding and its Role come and go": {
			before: everyKind("x$", ""), initial: nothing,
			steps: []step{
				{do: put(`{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: rb, namespace: x$}, roleRef: {
  apiGroup: rbac.authorization.k8s.io, kind: Role, name: getter}, subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: alice$}]}`),
					sources: []string{"RoleBinding"}, want: nothing},
				{do: put(`{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: getter, namespace: x$}, rules: [
  {apiGroups: [""], resources: [namespaces], verbs: [get]}]}`), sources: []string{"Role"}, want: only([]string{"ADDED x$"}, "namespaces")},
				{do: remove("Role", "x$", "getter"), sources: []string{"Role"}, want: only([]string{"DELETED x$"}, "namespaces")},
				{do: put(`{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: getter, namespace: x$}, rules: [
  {apiGroups: [""], resources: [namespaces], verbs: [get]}]}`), sources: []string{"Role"}, want: only([]string{"ADDED x$"}, "namespaces")},
				{do: remove("RoleBinding", "x$", "rb"), sources: []string{"RoleBinding"}, want: only([]string{"DELETED x$"}, "namespaces")},
			},
		},
		"a volume follows the namespace of its claim": {
			before: tenant("solar$", byUser) + tenant("wind$") + kindOf("namespaces").object("x$", ofTenant(kindOf("namespaces"), "wind$")) + `---
{apiVersion: v1, kind: PersistentVolume, metadata: {name: data$}, spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce],
 persistentVolumeReclaimPolicy: Retain, hostPath: {path: /tmp/e2e}, claimRef: {apiVersion: v1, kind: PersistentVolumeClaim, namespace: x$, name: c}}}`,
			initial: nothing,
			steps: []step{
				{
					do: func(t *testing.T, s *scene) { s.giveOne(t, kindOf("namespaces"), "x$", "solar$") },
					// The volume's own source says nothing: it comes in the step of the namespace.
					want: func(k kind) []string {
						switch k.UpstreamKind {
						case "Namespace":
							return []string{"ADDED x$"}
						case "PersistentVolume":
							return []string{"ADDED data$"}
						}
						return nil
					},
					sources: []string{"Namespace"},
				},
			},
		},
		"a label selector": {
			query:  "labelSelector=env%20in%20(prod,sentinel)",
			before: solar + everyKind("x$", "solar$"), initial: nothing,
			steps: []step{
				{do: editAll("x$", "metadata: {labels: {env: prod}}"), want: all("ADDED x$")},
				{do: editAll("x$", "metadata: {labels: {a: b}}"), want: all("MODIFIED x$")},
				{do: editAll("x$", "metadata: {labels: {env: test}}"), want: all("DELETED x$")},
				{do: editAll("x$", "metadata: {labels: {env: prod}}"), want: all("ADDED x$")},
				{do: give("x$", ""), want: all("DELETED x$")},
			},
		},
		"a field selector": {
			query:  "fieldSelector=metadata.name%21%3Dy$",
			before: solar + everyKind("x$", "solar$") + everyKind("y$", "solar$"), initial: all("ADDED x$"),
			steps: []step{
				{do: editAll("y$", "metadata: {annotations: {a: b}}"), want: nothing},
				{do: edit("Tenant", "solar$", owners()), sources: []string{"Tenant"}, want: all("DELETED x$")},
			},
		},
	}
	for name, r := range rows {
		t.Run(name, func(t *testing.T) { r.run(t) })
	}
}

func (r row) run(t *testing.T) {
	s := newScene()
	everybodys.start(t)
	s.create(t, r.before)
	everybodys.passAll(t)
	seen := s.look(t, r.query, r.initial)
	for i, step := range r.steps {
		step.do(t, s)
		everybodys.pass(t, step.sources...)
		if seen.expectLoosely(t, step.want, step.compact, step.sorted); t.Failed() {
			t.Fatalf("in step %d", i)
		}
	}
}
