// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apiserver/pkg/authentication/user"
	"sigs.k8s.io/yaml"

	"capsule.dev/tenantview/internal/feed"
	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/pkg/grants"
)

// parse reads an object from YAML.
func parse(source string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	data, err := yaml.YAMLToJSON([]byte(source))
	if err == nil {
		err = json.Unmarshal(data, &u.Object)
	}
	if err != nil {
		panic(fmt.Sprintf("%v in:\n%s", err, source))
	}
	return u
}

// tenant returns a Tenant that alice owns, unless its spec names other owners.
func tenant(name, uid, spec string) *unstructured.Unstructured {
	if !strings.Contains(spec, "owners") {
		spec = strings.TrimSuffix("owners: [{kind: User, name: alice}], "+spec, ", ")
	}
	return parse(fmt.Sprintf("{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, metadata: {name: %s, uid: %q}, spec: {%s}}", name, uid, spec))
}

// namespace returns a namespace that refers to the Tenant, or to none if that is "".
func namespace(name, tenant, uid string) *unstructured.Unstructured {
	u := parse(fmt.Sprintf("{apiVersion: v1, kind: Namespace, metadata: {name: %s}}", name))
	if tenant != "" {
		u.Object["metadata"].(map[string]any)["ownerReferences"] = []any{map[string]any{
			"apiVersion": "capsule.clastix.io/v1beta2", "kind": "Tenant", "name": tenant, "uid": uid}}
		u.SetLabels(map[string]string{"capsule.clastix.io/tenant": tenant})
	}
	return u
}

func volume(name, label, claimNamespace string) *unstructured.Unstructured {
	u := parse(fmt.Sprintf("{apiVersion: v1, kind: PersistentVolume, metadata: {name: %s}, spec: {}}", name))
	if label != "" {
		u.SetLabels(map[string]string{"capsule.clastix.io/tenant": label})
	}
	if claimNamespace != "" {
		u.Object["spec"] = map[string]any{"claimRef": map[string]any{"namespace": claimNamespace, "name": "data"}}
	}
	return u
}

func inPhase(phase string, volume *unstructured.Unstructured) *unstructured.Unstructured {
	return with(volume, "status", map[string]any{"phase": phase})
}

func createdAt(time string, o *unstructured.Unstructured) *unstructured.Unstructured {
	o = o.DeepCopy()
	o.Object["metadata"].(map[string]any)["creationTimestamp"] = time
	return o
}

// ofEverybody makes the group of all authenticated users the subject of a role binding.
func ofEverybody(binding *unstructured.Unstructured) *unstructured.Unstructured {
	return with(binding, "subjects", []any{map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated"}})
}

func storageClass(name string, labels ...string) *unstructured.Unstructured {
	u := parse(fmt.Sprintf("{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: %s}, provisioner: x}", name))
	if len(labels) > 0 {
		u.SetLabels(map[string]string{"tier": labels[0]})
	}
	return u
}

// proxySetting returns a ProxySetting that shows StorageClasses to bob.
func proxySetting(namespace, name string) *unstructured.Unstructured {
	return parse(fmt.Sprintf("{apiVersion: capsule.clastix.io/v1beta1, kind: ProxySetting, metadata: {name: %s, namespace: %s}, "+
		"spec: {subjects: [{kind: User, name: bob, proxySettings: [{kind: StorageClasses, operations: [List]}]}]}}", name, namespace))
}

// globalSetting returns a GlobalProxySettings that shows bob the StorageClasses of that tier.
func globalSetting(name, tier string) *unstructured.Unstructured {
	return parse(fmt.Sprintf("{apiVersion: capsule.clastix.io/v1beta1, kind: GlobalProxySettings, metadata: {name: %s}, "+
		"spec: {rules: [{subjects: [{kind: User, name: bob}], clusterResources: [{apiGroups: ['*'], resources: [storageclasses], selector: {matchLabels: {tier: %q}}}]}]}}", name, tier))
}

func binding(namespace, name, role string) *unstructured.Unstructured {
	kind, roleName, _ := strings.Cut(role, " ")
	return parse(fmt.Sprintf("{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: %s, namespace: %s}, "+
		"roleRef: {apiGroup: rbac.authorization.k8s.io, kind: %s, name: %s}, subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: bob}]}", name, namespace, kind, roleName))
}

// role returns a Role that allows a verb on namespaces. Without a namespace, it is a ClusterRole.
func role(namespace, name, verb string) *unstructured.Unstructured {
	kind := "ClusterRole"
	if namespace != "" {
		kind = "Role"
	}
	u := parse(fmt.Sprintf("{apiVersion: rbac.authorization.k8s.io/v1, kind: %s, metadata: {name: %s}, rules: [{apiGroups: [''], resources: [namespaces], verbs: [%s]}]}", kind, name, verb))
	u.SetNamespace(namespace)
	return u
}

func configuration(spec string) *unstructured.Unstructured {
	return parse("{apiVersion: capsule.clastix.io/v1beta2, kind: CapsuleConfiguration, metadata: {name: default}, spec: " + spec + "}")
}

// step is a change, and what alice and bob see of all kinds afterwards.
type step struct {
	what       string
	put        []*unstructured.Unstructured
	remove     []*unstructured.Unstructured
	do         func(*feed.Feed)
	alice, bob string
}

func put(objects ...*unstructured.Unstructured) []*unstructured.Unstructured { return objects }

var groups = map[string][]string{"bob": {"system:authenticated"}}

// sees returns everything that a user sees in one line: names of namespaces, volumes and classes.
func sees(t *testing.T, f *feed.Feed, name string) string {
	t.Helper()
	var all []string
	for _, resource := range []string{"namespaces", "persistentvolumes", "storageclasses"} {
		found, err := f.Names(&user.DefaultInfo{Name: name, Groups: groups[name]}, reference.List, resource)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return strings.Join(all, " ")
}

func TestScenarios(t *testing.T) {
	const gold = "storageClasses: {allowed: [gold]}"
	list := func(p *grants.Policy) { p.OwnerGrants = grants.OwnerGrantsImplicit }
	solar, wind := tenant("solar", "1", gold), tenant("wind", "2", "owners: [{kind: User, name: bob}], storageClasses: {}")
	a := namespace("a", "solar", "1")
	scenarios := map[string]struct {
		policy func(*grants.Policy)
		steps  []step
	}{
		"a namespace comes before its tenant": {list, []step{
			{what: "namespace", put: put(a)},
			{what: "tenant", put: put(solar), alice: "a"},
		}},
		"a tenant is deleted and made again": {list, []step{
			{what: "tenant", put: put(solar, a, volume("pv", "solar", ""), proxySetting("a", "ps"), storageClass("gold")), alice: "a pv gold", bob: "a gold"},
			{what: "deleted", remove: put(solar)},
			// The namespaces of the old tenant are not the new one's: its owner may differ.
			{what: "made again", put: put(tenant("solar", "9", gold)), alice: "pv gold"},
			{what: "namespace adopted", put: put(namespace("a", "solar", "9")), alice: "a pv gold", bob: "a gold"},
			{what: "made again unnoticed", put: put(tenant("solar", "10", gold)), alice: "pv gold"},
		}},
		"a namespace moves": {list, []step{
			{what: "start", put: put(solar, wind, a, volume("pv", "", "a"), storageClass("gold")), alice: "a pv gold"},
			{what: "moved", put: put(namespace("a", "wind", "2")), bob: "a pv", alice: "gold"},
			{what: "moved back", put: put(a), alice: "a pv gold"},
			{what: "left", put: put(namespace("a", "", "")), alice: "gold"},
		}},
		"a volume's claim": {list, []step{
			{what: "no claim, no label", put: put(solar, wind, a, volume("pv", "", "")), alice: "a"},
			{what: "claimed", put: put(volume("pv", "", "a")), alice: "a pv"},
			{what: "claimed, and labelled for another tenant", put: put(inPhase("Bound", volume("pv", "wind", "a"))), alice: "a pv"},
			{what: "namespace deleted", remove: put(a), bob: "pv"},
			{what: "namespace made again by hand", put: put(namespace("a", "", ""))},
			{what: "namespace of another tenant", put: put(namespace("a", "wind", "2")), bob: "a pv"},
			{what: "volume deleted", remove: put(volume("pv", "", "")), bob: "a"},
		}},
		"a volume is released, and its namespace's name is used again": {list, []step{
			{what: "bound", put: put(solar, wind, createdAt("2026-01-01T00:00:00Z", a), inPhase("Bound", createdAt("2026-01-02T00:00:00Z", volume("pv", "", "a")))), alice: "a pv"},
			{what: "released", put: put(inPhase("Released", createdAt("2026-01-02T00:00:00Z", volume("pv", "", "a")))), alice: "a pv"},
			{what: "namespace deleted", remove: put(a)},
			{what: "namespace of another tenant", put: put(createdAt("2026-01-03T00:00:00Z", namespace("a", "wind", "2"))), bob: "a"},
			{what: "labelled", put: put(inPhase("Released", createdAt("2026-01-02T00:00:00Z", volume("pv", "solar", "a")))), alice: "pv", bob: "a"},
			{what: "the label's tenant deleted", remove: put(solar), bob: "a"},
			{what: "the label's tenant made again", put: put(solar), alice: "pv", bob: "a"},
			{what: "bound again", put: put(inPhase("Bound", createdAt("2026-01-02T00:00:00Z", volume("pv", "solar", "a")))), bob: "a pv"},
		}},
		// A source that has lost its connection does not report that a namespace was deleted.
		"a namespace is made again unnoticed": {list, []step{
			{what: "start", put: put(solar, createdAt("2026-01-01T00:00:00Z", a), inPhase("Released", createdAt("2026-01-02T00:00:00Z", volume("pv", "", "a")))), alice: "a pv"},
			{what: "made again", put: put(createdAt("2026-01-03T00:00:00Z", a)), alice: "a"},
			{what: "changed", put: put(createdAt("2026-01-03T00:00:00Z", a)), alice: "a"},
			{what: "older after all", put: put(createdAt("2026-01-01T00:00:00Z", a)), alice: "a pv"},
		}},
		"a volume's label": {list, []step{
			{what: "before the tenant", put: put(volume("pv", "solar", "gone"))},
			{what: "tenant", put: put(solar), alice: "pv"},
			{what: "relabelled", put: put(wind, volume("pv", "wind", "gone")), bob: "pv"},
			{what: "tenant deleted", remove: put(wind)},
		}},
		"labels alone": {func(p *grants.Policy) { list(p); p.PVClaimRef = grants.PVClaimRefLabelOnly }, []step{
			{what: "start", put: put(solar, wind, a, volume("claimed", "", "a"), volume("labelled", "wind", "a")), alice: "a", bob: "labelled"},
			{what: "tenant deleted", remove: put(wind), alice: "a"},
		}},
		"a ProxySetting": {nil, []step{
			{what: "before its namespace", put: put(proxySetting("a", "ps"), storageClass("gold"), storageClass("tin"))},
			{what: "namespace", put: put(a)},
			{what: "tenant", put: put(solar), alice: "a", bob: "a gold"},
			{what: "another namespace", put: put(namespace("b", "solar", "1")), alice: "a b", bob: "a b gold"},
			{what: "tenant tightened", put: put(tenant("solar", "1", "storageClasses: {}")), alice: "a b", bob: "a b"},
			{what: "tenant widened", put: put(tenant("solar", "1", "")), alice: "a b", bob: "a b gold tin"},
			{what: "namespace moves", put: put(tenant("wind", "2", "owners: [], storageClasses: {allowed: [tin]}"), namespace("a", "wind", "2")), alice: "b", bob: "a tin"},
			{what: "namespace deleted", remove: put(a), alice: "b"},
			{what: "namespace made again", put: put(a), alice: "a b", bob: "a b gold tin"},
			{what: "deleted", remove: put(proxySetting("a", "ps")), alice: "a b"},
		}},
		"two ProxySettings that grant the same": {nil, []step{
			{what: "both", put: put(solar, a, proxySetting("a", "one"), proxySetting("a", "two"), storageClass("gold")), alice: "a", bob: "a gold"},
			{what: "one deleted", remove: put(proxySetting("a", "one")), alice: "a", bob: "a gold"},
			{what: "both deleted", remove: put(proxySetting("a", "two")), alice: "a"},
		}},
		"GlobalProxySettings": {nil, []step{
			{what: "start", put: put(globalSetting("gps", "x"), storageClass("gold", "x"), storageClass("tin", "y")), bob: "gold"},
			{what: "label lost", put: put(storageClass("gold")), bob: ""},
			{what: "label gained", put: put(storageClass("tin", "x")), bob: "tin"},
			{what: "rule changed", put: put(globalSetting("gps", "y"))},
			{what: "class made again", put: put(storageClass("gold", "y")), bob: "gold"},
			{what: "deleted", remove: put(globalSetting("gps", "y"))},
		}},
		"role bindings": {nil, []step{
			{what: "before the role", put: put(binding("a", "rb", "Role r"), binding("b", "rb", "ClusterRole r"), namespace("a", "", ""), namespace("b", "", ""))},
			{what: "a role of another namespace", put: put(role("b", "r", "get"))},
			{what: "role", put: put(role("a", "r", "get")), bob: "a"},
			{what: "cluster role", put: put(role("", "r", "get")), bob: "a b"},
			{what: "role narrowed", put: put(role("a", "r", "list")), bob: "b"},
			{what: "bound to another role", put: put(binding("a", "rb", "ClusterRole r")), bob: "a b"},
			{what: "namespace deleted", remove: put(namespace("a", "", "")), bob: "b"},
			{what: "namespace made again", put: put(a), bob: "a b"},
			{what: "cluster role deleted", remove: put(role("", "r", "get"))},
			{what: "cluster role made again", put: put(role("", "r", "get")), bob: "a b"},
			{what: "binding deleted", remove: put(binding("b", "rb", "ClusterRole r")), bob: "a"},
		}},
		"a role binding of everybody": {nil, []step{
			{what: "in a namespace without a tenant", put: put(solar, ofEverybody(binding("a", "rb", "ClusterRole r")), role("", "r", "get"), namespace("a", "", "")), bob: "a"},
			{what: "namespace comes to the tenant", put: put(a), alice: "a"},
			{what: "role deleted", remove: put(role("", "r", "get")), alice: "a"},
			{what: "role made again", put: put(role("", "r", "get")), alice: "a"},
			{what: "tenant deleted", remove: put(solar), bob: "a"},
			{what: "tenant made again", put: put(solar), alice: "a"},
			{what: "namespace deleted", remove: put(a)},
			{what: "namespace without a tenant", put: put(namespace("a", "", "")), bob: "a"},
			{what: "bound to somebody", put: put(binding("a", "rb", "ClusterRole r"), a), alice: "a", bob: "a"},
		}},
		"any subject of a role binding": {func(p *grants.Policy) { p.TenantSubjects = grants.TenantSubjectsAny }, []step{
			{what: "start", put: put(solar, a, ofEverybody(binding("a", "rb", "ClusterRole r")), role("", "r", "get")), alice: "a", bob: "a"},
		}},
		"a ProxySetting that grants what owners have": {func(p *grants.Policy) { p.ProxySettingGrants = grants.ProxySettingGrantsOwners }, []step{
			{what: "owners have nothing", put: put(solar, a, proxySetting("a", "ps"), storageClass("gold")), alice: "a", bob: "a"},
			{what: "an owner has the kind", put: put(tenant("solar", "1", "owners: [{kind: User, name: alice, proxySettings: [{kind: StorageClasses, operations: [List]}]}], "+gold)), alice: "a gold", bob: "a gold"},
			{what: "another has it", put: put(tenant("solar", "1", "owners: [{kind: User, name: x, proxySettings: [{kind: StorageClasses, operations: [List]}]}], "+gold)), bob: "a gold"},
			{what: "none has it", put: put(solar), alice: "a", bob: "a"},
		}},
		"the gate": {func(p *grants.Policy) { p.CapsuleUsersOnly = true }, []step{
			{what: "no configuration", put: put(solar, a)},
			{what: "alice is a user", put: put(configuration("{userNames: [alice]}")), alice: "a"},
			{what: "not valid", put: put(configuration("{userNames: alice}"))},
			{what: "valid again", put: put(configuration("{userNames: [alice]}")), alice: "a"},
			{what: "deleted", remove: put(configuration("{}"))},
		}},
		"objects that cannot be decoded": {nil, []step{
			{what: "start", put: put(solar, a, proxySetting("a", "ps"), globalSetting("gps", "x"), storageClass("gold"), storageClass("tin", "x")), alice: "a", bob: "a gold tin"},
			{what: "settings", put: put(broken(globalSetting("gps", "x"))), alice: "a", bob: "a gold"},
			{what: "tenant", put: put(broken(solar))},
			{what: "tenant again", put: put(solar), alice: "a", bob: "a gold"},
			{what: "setting", put: put(broken(proxySetting("a", "ps"))), alice: "a"},
			{what: "setting deleted", remove: put(proxySetting("a", "ps")), alice: "a"},
			{what: "settings again", put: put(globalSetting("gps", "x")), alice: "a", bob: "tin"},
		}},
		"a definition vanishes": {nil, []step{
			{what: "start", put: put(solar, a, proxySetting("a", "ps"), globalSetting("gps", "x"), storageClass("gold"), storageClass("tin", "x")), alice: "a", bob: "a gold tin"},
			{what: "of ProxySettings", do: func(f *feed.Feed) { f.Disappear("proxysettings") }, alice: "a", bob: "tin"},
			{what: "of GlobalProxySettings", do: func(f *feed.Feed) { f.Disappear("globalproxysettings") }, alice: "a"},
			{what: "of Tenants", do: func(f *feed.Feed) { f.Disappear("tenants") }},
			{what: "and is back", put: put(solar, proxySetting("a", "ps")), alice: "a", bob: "a gold"},
		}},
		"a relist": {nil, []step{
			{what: "start", put: put(solar, a, namespace("b", "solar", "1"), proxySetting("a", "ps"), storageClass("gold"), storageClass("tin")), alice: "a b", bob: "a b gold"},
			{what: "without a namespace, and with another", do: func(f *feed.Feed) { f.Replace("namespaces", a, namespace("c", "solar", "1")) }, alice: "a c", bob: "a c gold"},
			{what: "with a tenant that has changed", do: func(f *feed.Feed) { f.Replace("tenants", tenant("solar", "1", "storageClasses: {allowed: [tin]}")) }, alice: "a c", bob: "a c tin"},
			{what: "without the setting", do: func(f *feed.Feed) { f.Replace("proxysettings") }, alice: "a c"},
			{what: "of classes", do: func(f *feed.Feed) { f.Replace("storageclasses", storageClass("gold")) }, alice: "a c"},
			{what: "with a setting that has come back", do: func(f *feed.Feed) { f.Replace("proxysettings", proxySetting("a", "ps")) }, alice: "a c", bob: "a c"},
		}},
	}
	for name, s := range scenarios {
		t.Run(name, func(t *testing.T) {
			policy := grants.DefaultPolicy()
			if s.policy != nil {
				s.policy(&policy)
			}
			f := feed.New(policy)
			f.Cluster.GoLive()
			for _, st := range s.steps {
				for _, o := range st.put {
					f.Put(o)
				}
				for _, o := range st.remove {
					f.Delete(reference.RefOf(o))
				}
				if st.do != nil {
					st.do(f)
				}
				want := map[string]string{"alice": st.alice, "bob": st.bob}
				got := map[string]string{"alice": sees(t, f, "alice"), "bob": sees(t, f, "bob")}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%s (-want +got):\n%s", st.what, diff)
				}
			}
		})
	}
}

// with returns a copy of an object with another value of a top-level field.
func with(o *unstructured.Unstructured, field string, value any) *unstructured.Unstructured {
	o = o.DeepCopy()
	o.Object[field] = value
	return o
}

// broken returns an object whose spec has another type.
func broken(o *unstructured.Unstructured) *unstructured.Unstructured {
	return with(o, "spec", []any{})
}
