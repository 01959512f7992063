// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/source"
	"capsule.dev/tenantview/pkg/tenancy"
)

// rights returns the resources of a ClusterRole, as RESOURCE or RESOURCE.GROUP, and their verbs.
func rights(t *testing.T, all objects, role string) map[string][]string {
	t.Helper()
	result := map[string][]string{}
	for _, rule := range as[rbacv1.ClusterRole](t, all, "ClusterRole/"+role).Rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				result[schema.GroupResource{Group: group, Resource: resource}.String()] = rule.Verbs
			}
		}
	}
	return result
}

// sources returns what the server lists and watches with the policy that it parses from its arguments.
func sources(t *testing.T, values string) []string {
	t.Helper()
	o, _ := parse(t, values)
	policy, err := o.Policy.Policy()
	if err != nil {
		t.Fatal(err)
	}
	all := kinds.All(kinds.Options{})
	granted := make([]grants.Kind, len(all))
	for i, kind := range all {
		granted[i] = kind.Kind
	}
	clients, err := source.NewClients(&rest.Config{Host: "https://localhost"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := source.NewSources(clients, tenancy.New(granted, policy, nil), granted)
	if err != nil {
		t.Fatal(err)
	}
	groups := map[string]string{}
	for i := range granted {
		groups[granted[i].Upstream.Resource] = granted[i].Upstream.Group
	}
	for _, resource := range []string{"rolebindings", "roles", "clusterroles"} {
		groups[resource] = rbacv1.GroupName
	}
	for _, resource := range []schema.GroupVersionResource{capsule.Tenants, capsule.ProxySettings, capsule.GlobalProxySettings, capsule.CapsuleConfiguration} {
		groups[resource.Resource] = capsule.Group
	}
	var names []string
	for _, source := range s.All() {
		names = append(names, schema.GroupResource{Group: groups[source.Name()], Resource: source.Name()}.String())
	}
	return names
}

// The server may list and watch exactly what it does list and watch with the policy that the values give. With a
// right too few it would never be ready; one too many would be a right that nobody needs.
func TestRightsFitThePolicy(t *testing.T) {
	for _, values := range []string{
		"{}",
		"policy: {profile: capsule-proxy}",
		"policy: {globalProxySettings: Off}",
		"policy: {capsuleUsersOnly: true}",
		"policy: {roleBindingNamespaces: AnyBinding}",
		"policy: {roleBindingNamespaces: 'Off'}",
		"policy: {nativeRBAC: Ignore, proxySettingRules: Off, ownerGrants: Implicit, pvClaimRef: LabelOnly}",
		"policy: {profile: capsule-proxy, globalProxySettings: On}",
		"policy: {profile: capsule-proxy, capsuleUsersOnly: false}",
		"policy: {profile: capsule-proxy, roleBindingNamespaces: RBACGet}",
		"policy: {profile: capsule-proxy, roleBindingNamespaces: AnyBinding}",
		"writes: {enabled: true}",
	} {
		t.Run(values, func(t *testing.T) {
			t.Parallel()
			want := map[string][]string{
				"subjectaccessreviews.authorization.k8s.io": {"create"}, "tokenreviews.authentication.k8s.io": {"create"},
			}
			for _, resource := range sources(t, values) {
				want[resource] = []string{"list", "watch"}
			}
			if diff := cmp.Diff(want, rights(t, render(t, values), name)); diff != "" {
				t.Errorf("rights (-needed +given):\n%s", diff)
			}
		})
	}
}

// Impersonation is a right to everything. Only writes need it, and nothing else may bring it.
func TestOnlyWritesAddRights(t *testing.T) {
	users := map[string]bool{"tenantview-viewer": true, "tenantview-editor": true, "tenantview-reviewer": true, name + "-check": true, name + "-metrics-reader": true}
	for branch, tc := range branches {
		t.Run(branch, func(t *testing.T) {
			t.Parallel()
			all := render(t, tc.values)
			got := map[string]map[string][]string{}
			for key, object := range all {
				if object.GetKind() == "ClusterRole" && !users[object.GetName()] && key != "ClusterRole/"+name {
					got[object.GetName()] = rights(t, all, object.GetName())
				}
			}
			want := map[string]map[string][]string{}
			if branch == "writes" {
				want[name+"-impersonator"] = map[string][]string{
					"users": {"impersonate"}, "groups": {"impersonate"}, "serviceaccounts": {"impersonate"},
					"*.authentication.k8s.io": {"impersonate"},
				}
				writes := []string{"patch", "delete"}
				want[name+"-operators"] = map[string][]string{
					"nodes": writes, "persistentvolumes": writes, "storageclasses.storage.k8s.io": writes,
					"ingressclasses.networking.k8s.io": writes, "priorityclasses.scheduling.k8s.io": writes,
					"runtimeclasses.node.k8s.io": writes,
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("rights of the server (-want +got):\n%s", diff)
			}
		})
	}
}

// The group that writes is in no cluster. Whoever is bound to it otherwise could write everything.
func TestOperatorsAreBoundToTheGroupOnly(t *testing.T) {
	all := render(t, "writes: {enabled: true}")
	want := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "tenantview.capsule.dev:operators"}}
	if diff := cmp.Diff(want, as[rbacv1.ClusterRoleBinding](t, all, "ClusterRoleBinding/"+name+"-operators").Subjects); diff != "" {
		t.Errorf("operators (-want +got):\n%s", diff)
	}
	want = []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: name, Namespace: namespace}}
	for _, binding := range []string{name, name + "-impersonator"} {
		if diff := cmp.Diff(want, as[rbacv1.ClusterRoleBinding](t, all, "ClusterRoleBinding/"+binding).Subjects); diff != "" {
			t.Errorf("%s (-want +got):\n%s", binding, diff)
		}
	}
}

// Users may ask for all kinds, and for changes of all but namespaces.
func TestUserRoles(t *testing.T) {
	var served []string
	for _, kind := range kinds.All(kinds.Options{}) {
		served = append(served, kind.Resource+"."+v1alpha1.GroupName)
	}
	slices.Sort(served)
	all := render(t, "{writes: {enabled: true}, users: {aggregateTo: {view: true, edit: true}}}")
	viewer, editor := rights(t, all, "tenantview-viewer"), rights(t, all, "tenantview-editor")
	// A review about oneself tells no more than a list. One about others is for administrators, and bound to nobody.
	if diff := cmp.Diff([]string{"create"}, viewer["selftenantviewreviews.tenantview.capsule.dev"]); diff != "" {
		t.Errorf("verbs of the viewer for reviews (-want +got):\n%s", diff)
	}
	delete(viewer, "selftenantviewreviews.tenantview.capsule.dev")
	want := map[string][]string{"tenantviewreviews.tenantview.capsule.dev": {"create"}}
	if diff := cmp.Diff(want, rights(t, all, "tenantview-reviewer")); diff != "" {
		t.Errorf("rights of the reviewer (-want +got):\n%s", diff)
	}
	for key, object := range all {
		if object.GetKind() == "ClusterRoleBinding" && as[rbacv1.ClusterRoleBinding](t, all, key).RoleRef.Name == "tenantview-reviewer" {
			t.Errorf("%s binds the reviewer", key)
		}
	}
	if diff := cmp.Diff(served, slices.Sorted(maps.Keys(viewer))); diff != "" {
		t.Errorf("resources of the viewer (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"get", "list", "watch"}, viewer["tenantnodes.tenantview.capsule.dev"]); diff != "" {
		t.Errorf("verbs of the viewer (-want +got):\n%s", diff)
	}
	written := slices.DeleteFunc(served, func(resource string) bool { return resource == "tenantnamespaces.tenantview.capsule.dev" })
	if diff := cmp.Diff(written, slices.Sorted(maps.Keys(editor))); diff != "" {
		t.Errorf("resources of the editor (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"update", "patch", "delete"}, editor["tenantnodes.tenantview.capsule.dev"]); diff != "" {
		t.Errorf("verbs of the editor (-want +got):\n%s", diff)
	}
	const aggregate = "rbac.authorization.k8s.io/aggregate-to-"
	for role, want := range map[string]string{"tenantview-viewer": "view edit ", "tenantview-editor": "edit "} {
		got := ""
		for _, into := range []string{"view", "edit", "admin"} {
			if all["ClusterRole/"+role].GetLabels()[aggregate+into] == "true" {
				got += into + " "
			}
		}
		if got != want {
			t.Errorf("%s is aggregated to %q, want %q", role, got, want)
		}
	}
}
