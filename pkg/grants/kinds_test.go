// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// kinds returns just enough kinds: one that needs no setting, nodes, and two kinds of classes.
func kinds() []grants.Kind {
	return []grants.Kind{
		{Upstream: corev1.SchemeGroupVersion.WithResource("namespaces"),
			OfTenant: func(t *capsule.Tenant, _ *grants.Policy) (view.Criterion, []grants.Problem) {
				return view.Partition(t.Name), nil
			}},
		{Upstream: corev1.SchemeGroupVersion.WithResource("nodes"), ProxySetting: "Nodes",
			OfTenant: func(t *capsule.Tenant, p *grants.Policy) (view.Criterion, []grants.Problem) {
				return grants.Nodes(t.Spec.NodeSelector, p.UnsetNodeSelector)
			}},
		{Upstream: storagev1.SchemeGroupVersion.WithResource("storageclasses"), ProxySetting: "StorageClasses",
			OfTenant: func(t *capsule.Tenant, p *grants.Policy) (view.Criterion, []grants.Problem) {
				return grants.Classes(t.Spec.StorageClasses, p.UnsetClasses)
			}},
		{Upstream: networkingv1.SchemeGroupVersion.WithResource("ingressclasses"), ProxySetting: "IngressClasses",
			OfTenant: func(t *capsule.Tenant, p *grants.Policy) (view.Criterion, []grants.Problem) {
				return grants.Classes(t.Spec.IngressOptions.AllowedClasses, p.UnsetClasses)
			}},
	}
}

// parse reads one of Capsule's objects from YAML.
func parse[T any](t *testing.T, source string) *T {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	into := new(T)
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%v in:\n%s", err, source)
	}
	return into
}

// show returns grants as lines "User alice: list get nodes name/a", in alphabetical order and
// without duplicates, which do not matter.
func show(held []grants.Held) []string {
	var lines []string
	for _, h := range held {
		kind := "User"
		if h.Subject.Group {
			kind = "Group"
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s %s %s", kind, h.Subject.Name, showOperations(h.Grant.Operations), h.Resource.Resource, h.Grant.Criterion.Key()))
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

func showOperations(ops view.Operations) string {
	var names []string
	for _, o := range []struct {
		op   view.Operations
		name string
	}{{view.OpList, "list"}, {view.OpGet, "get"}, {view.OpUpdate, "update"}, {view.OpDelete, "delete"}} {
		if ops.Has(o.op) {
			names = append(names, o.name)
		}
	}
	return strings.Join(names, " ")
}

// reasons returns the reasons of problems, in the same order.
func reasons(problems []grants.Problem) []string {
	var found []string
	for _, p := range problems {
		found = append(found, p.Reason)
	}
	return found
}

func lines(all ...string) []string {
	slices.Sort(all)
	return all
}
