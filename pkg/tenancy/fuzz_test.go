// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/kubernetes/scheme"

	"capsule.dev/tenantview/internal/feed"
	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/internal/worlds"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/tenancy"
)

// FuzzObjects compares what the engine and the naive filter show when a cluster contains any Tenant,
// settings, RoleBinding and Role, and a node and a volume with any labels. The strings are specs in
// JSON, except that labels are the labels themselves, and the binding is its subjects and the role
// its rules. No object may stop the server, and each must mean the same at the start of the server
// as in a change.
func FuzzObjects(f *testing.F) {
	for seed := range uint64(40) {
		seedObjects(f, seed)
	}
	f.Add(uint64(0), `{"owners":[{"kind":"User","name":"alice"}]}`, `{"subjects":[null]}`, `{"rules":[{"subjects":[null],"clusterResources":[null]}]}`, `[null]`, `[{}]`, `{"env":"a"}`)
	f.Add(uint64(1), `[]`, `{}`, `null`, `[]`, `[]`, `{}`)
	f.Fuzz(func(t *testing.T, seed uint64, tenant, setting, global, binding, role, labels string) {
		if strings.Count(setting+global, "*") > 8 || len(setting)+len(global) > 4096 {
			t.Skip("the naive filter would take too long")
		}
		policy := worlds.New(seed).Policy()
		objects := fuzzed(tenant, setting, global, binding, role, labels)
		f := feed.New(policy)
		naive := &reference.Filter{World: reference.NewWorld(), Policy: policy}
		f.Cluster.GoLive()
		for _, o := range objects {
			f.Put(o)
			naive.World.Put(o)
		}
		want, _ := see(func(u user.Info, op reference.Operation, resource string) ([]string, error) {
			return naive.Names(u, op, resource), nil
		})
		got, err := see(f.Names)
		if err != nil {
			t.Fatal(err)
		}
		if hasLimited(f) {
			for k, names := range got {
				if !contains(want[k], names) {
					t.Errorf("%s: %q, but at most %q without limits", k, names, want[k])
				}
			}
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v: what users may do (-naive filter +engine):\n%s", policy, diff)
		}
		fresh := feed.New(policy)
		for i := range objects {
			fresh.Put(objects[len(objects)-1-i])
		}
		fresh.Cluster.GoLive()
		again, err := see(fresh.Names)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, again); diff != "" {
			t.Errorf("what users may do (-running +starting):\n%s", diff)
		}
	})
}

// hasLimited reports whether a part of an object exceeds a limit, which the naive filter does not have.
func hasLimited(f *feed.Feed) bool {
	invalid := f.Cluster.Invalid()
	return invalid[tenancy.InvalidKey{Source: "proxysettings", Reason: grants.ReasonTooLarge}] > 0 ||
		invalid[tenancy.InvalidKey{Source: "tenants", Reason: grants.ReasonTooLarge}] > 0
}

// seedObjects adds what a random world contains.
func seedObjects(f *testing.F, seed uint64) {
	r := worlds.New(seed)
	parts := map[string]string{"Tenant": "{}", "ProxySetting": "{}", "GlobalProxySettings": "{}", "RoleBinding": "[]", "Role": "[]", "Node": "{}"}
	fields := map[string][]string{
		"Tenant": {"spec"}, "ProxySetting": {"spec"}, "GlobalProxySettings": {"spec"},
		"RoleBinding": {"subjects"}, "Role": {"rules"}, "Node": {"metadata", "labels"},
	}
	for range 100 {
		u, ok := r.Next().Object.(*unstructured.Unstructured)
		if !ok {
			continue
		}
		if path, ok := fields[u.GetKind()]; ok {
			if part, found, _ := unstructured.NestedFieldNoCopy(u.Object, path...); found {
				data, err := json.Marshal(part)
				if err != nil {
					f.Fatal(err)
				}
				parts[u.GetKind()] = string(data)
			}
		}
	}
	f.Add(seed, parts["Tenant"], parts["ProxySetting"], parts["GlobalProxySettings"], parts["RoleBinding"], parts["Role"], parts["Node"])
}

// fuzzed returns a cluster with those parts, or none if one is not JSON. It leaves out what
// kube-apiserver would not store. For Capsule's objects, it would store anything: the schemas of
// CRDs have changed, and old objects stay.
func fuzzed(parts ...string) []reference.Object {
	parsed := make([]any, len(parts))
	for i, part := range parts {
		if utiljson.Unmarshal([]byte(part), &parsed[i]) != nil {
			return nil
		}
	}
	tenant, setting, global, binding, role, labels := parsed[0], parsed[1], parsed[2], parsed[3], parsed[4], parsed[5]
	const rbac = "rbac.authorization.k8s.io"
	var objects []reference.Object
	add := func(apiVersion, kind, namespace, name string, fields map[string]any) {
		u := &unstructured.Unstructured{Object: fields}
		if _, ok := fields["metadata"]; !ok {
			fields["metadata"] = map[string]any{}
		}
		u.SetAPIVersion(apiVersion)
		u.SetKind(kind)
		u.SetNamespace(namespace)
		u.SetName(name)
		if u = u.DeepCopy(); isStorable(u) {
			objects = append(objects, u)
		}
	}
	labelled := func(more map[string]any) map[string]any {
		all := map[string]any{"metadata": map[string]any{"labels": labels}}
		maps.Copy(all, more)
		return all
	}
	owner := map[string]any{"apiVersion": "capsule.clastix.io/v1beta2", "kind": "Tenant", "name": "solar", "uid": "1"}
	add("v1", "Namespace", "", "a", map[string]any{"metadata": map[string]any{"ownerReferences": []any{owner}}})
	add("v1", "Namespace", "", "b", map[string]any{})
	add("v1", "PersistentVolume", "", "pv1", labelled(map[string]any{"spec": map[string]any{"claimRef": map[string]any{"namespace": "a"}}, "status": map[string]any{"phase": "Bound"}}))
	add("v1", "PersistentVolume", "", "pv2", labelled(nil))
	add("v1", "Node", "", "n1", labelled(nil))
	add("v1", "Node", "", "n2", map[string]any{})
	add("storage.k8s.io/v1", "StorageClass", "", "gold", labelled(nil))
	add("storage.k8s.io/v1", "StorageClass", "", "ssd-fast", map[string]any{})
	add("networking.k8s.io/v1", "IngressClass", "", "silver", labelled(nil))
	add("capsule.clastix.io/v1beta2", "Tenant", "", "solar", map[string]any{"metadata": map[string]any{"uid": "1"}, "spec": tenant})
	for _, namespace := range []string{"a", "b"} {
		add("capsule.clastix.io/v1beta1", "ProxySetting", namespace, "ps", map[string]any{"spec": setting})
	}
	add("capsule.clastix.io/v1beta1", "GlobalProxySettings", "", "gps", map[string]any{"spec": global})
	for _, in := range [][2]string{{"a", "Role"}, {"b", "ClusterRole"}} {
		ref := map[string]any{"apiGroup": rbac, "kind": in[1], "name": "r"}
		add(rbac+"/v1", "RoleBinding", in[0], "rb", map[string]any{"roleRef": ref, "subjects": binding})
	}
	add(rbac+"/v1", "Role", "a", "r", map[string]any{"rules": role})
	add(rbac+"/v1", "ClusterRole", "", "r", map[string]any{"rules": role})
	return objects
}

func isStorable(u *unstructured.Unstructured) bool {
	if !scheme.Scheme.Recognizes(u.GroupVersionKind()) {
		return true
	}
	typed, err := scheme.Scheme.New(u.GroupVersionKind())
	return err == nil && runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, typed) == nil
}
