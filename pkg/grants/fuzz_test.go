// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// wellFormed makes the strings valid in JSON.
func wellFormed(s ...*string) {
	for _, text := range s {
		*text = strings.ToValidUTF8(*text, "?")
	}
}

// FuzzClasses compares the classes that a list selects with those that the naive filter shows to an
// owner.
func FuzzClasses(f *testing.F) {
	f.Add("gold", "tier", "a", "silver", "gold", "^g", "tier", "a", "env", "In", "x,y")
	f.Add("gold", "tier", "a", "", "", "(", "", "", "tier", "NotIn", "a")
	f.Add("gold", "tier", "", "", "", "", "tier", "", "tier", "Exists", "")
	f.Add("gold", "x/y", "z", "", "", "", "", "", "x/y", "Like", "")
	f.Add("gold", "tier", "a,b", "", "", "", "tier", "a,b", "not valid", "DoesNotExist", "a")
	f.Fuzz(func(t *testing.T, name, labelKey, labelValue, standard, allowed, regex, matchKey, matchValue, key, operator, values string) {
		wellFormed(&name, &labelKey, &labelValue, &standard, &allowed, &regex, &matchKey, &matchValue, &key, &operator, &values)
		if name == "" {
			t.Skip("objects have names")
		}
		list := map[string]any{"default": standard, "allowed": []any{allowed}, "allowedRegex": regex}
		if matchKey != "" || matchValue != "" {
			list["matchLabels"] = map[string]any{matchKey: matchValue}
		}
		if key != "" || operator != "" {
			e := map[string]any{"key": key, "operator": operator}
			if values != "" {
				var all []any
				for _, v := range strings.Split(values, ",") {
					all = append(all, v)
				}
				e["values"] = all
			}
			list["matchExpressions"] = []any{e}
		}
		u := tenantWith(map[string]any{"storageClasses": list})
		tenant, err := capsule.Decode[capsule.Tenant](u)
		if err != nil {
			t.Fatal(err)
		}
		labels := map[string]string{labelKey: labelValue}
		criterion, found := grants.Classes(tenant.Spec.StorageClasses, grants.UnsetNone)
		if slices.Contains(reasons(found), grants.ReasonTooLarge) {
			t.Skip("the naive filter has no limits")
		}
		got := criterion.Matches(&view.Attributes{Name: name, Labels: view.NewLabels(labels)})
		naive := &reference.Filter{
			World:  reference.NewWorld(u, &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}),
			Policy: grants.Policy{OwnerGrants: grants.OwnerGrantsImplicit, UnsetClasses: grants.UnsetNone},
		}
		if want := naive.Allows(&user.DefaultInfo{Name: "alice"}, reference.List, "storageclasses", name); got != want {
			t.Errorf("%q with %q is selected by %v: %t, want %t", name, labels, list, got, want)
		}
	})
}

func tenantWith(spec map[string]any) *unstructured.Unstructured {
	spec["owners"] = []any{map[string]any{"kind": "User", "name": "alice"}}
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetAPIVersion("capsule.clastix.io/v1beta2")
	u.SetKind("Tenant")
	u.SetName("solar")
	return u
}

// FuzzRule compares the objects that a rule of GlobalProxySettings shows with those of the naive
// filter.
func FuzzRule(f *testing.F) {
	f.Add("User", "carol", "storage.k8s.io", "storageclasses", "List", "tier", "In", "a", "tier", "a")
	f.Add("Group", "devs", "*", "*", "List,Update", "tier", "NotIn", "a,b", "tier", "")
	f.Add("User", "carol", "*/v1", "nodes,namespaces", "Get,Delete", "tier", "Exists", "", "tier", "a")
	f.Add("Robot", "carol", ",/v1,*.io", "*", "", "tier", "", "", "tier", "a")
	f.Add("User", "", "**", "*", "Watch", "not valid", "In", "", "not valid", "")
	f.Fuzz(func(t *testing.T, kind, name, groups, resources, operations, key, operator, values, labelKey, labelValue string) {
		wellFormed(&kind, &name, &groups, &resources, &operations, &key, &operator, &values, &labelKey, &labelValue)
		if strings.Count(groups, "*") > 8 || len(groups) > 100 {
			t.Skip("the naive filter would take too long")
		}
		rule := map[string]any{"apiGroups": split(groups), "resources": split(resources), "selector": map[string]any{
			"matchExpressions": []any{map[string]any{"key": key, "operator": operator, "values": split(values)}},
		}}
		if operations != "" {
			rule["operations"] = split(operations)
		}
		u := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"rules": []any{map[string]any{
			"subjects":         []any{map[string]any{"kind": kind, "name": name}},
			"clusterResources": []any{rule},
		}}}}}
		u.SetAPIVersion("capsule.clastix.io/v1beta1")
		u.SetKind("GlobalProxySettings")
		u.SetName("gps")
		setting, err := capsule.Decode[capsule.GlobalProxySetting](u)
		if err != nil {
			t.Fatal(err)
		}
		policy := grants.Policy{GlobalProxySettings: grants.On}
		held, _ := grants.NewRules(kinds(), policy).OfGlobalProxySetting(setting)

		who := &user.DefaultInfo{Name: "carol", Groups: []string{"devs"}}
		meta := metav1.ObjectMeta{Name: "x", Labels: map[string]string{labelKey: labelValue}}
		naive := &reference.Filter{Policy: policy, World: reference.NewWorld(u, &corev1.Namespace{ObjectMeta: meta},
			&corev1.Node{ObjectMeta: meta}, &storagev1.StorageClass{ObjectMeta: meta}, &networkingv1.IngressClass{ObjectMeta: meta})}
		got, want := make(map[string]string), make(map[string]string)
		for _, k := range kinds() {
			resource := k.Upstream.Resource
			for op, o := range map[reference.Operation]view.Operations{
				reference.List: view.OpList, reference.Get: view.OpGet, reference.Update: view.OpUpdate, reference.Delete: view.OpDelete,
			} {
				if slices.ContainsFunc(held, func(h grants.Held) bool {
					return h.Resource.Resource == resource && slices.Contains(grants.Subjects(who), h.Subject) && h.Grant.Operations.Has(o) &&
						h.Grant.Criterion.Matches(&view.Attributes{Name: "x", Labels: view.NewLabels(meta.Labels)})
				}) {
					got[resource] += string(op)
				}
				if naive.Allows(who, op, resource, "x") {
					want[resource] += string(op)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("what the rule allows (-naive filter +grants):\n%s", diff)
		}
	})
}

// split returns the elements between commas, or none if s is empty.
func split(s string) []any {
	var all []any
	if s != "" {
		for _, part := range strings.Split(s, ",") {
			all = append(all, part)
		}
	}
	return all
}
