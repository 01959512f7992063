// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/e2e/testcluster"
	"capsule.dev/tenantview/pkg/grants"
)

// sentinelName is the name of each source's sentinel, and of their namespace.
const sentinelName = "e2e-sentinel"

// sentinelReader is the subject of a ProxySetting. With any policy, it sees the sentinels of all kinds
// that are served.
const sentinelReader = "e2e-reader"

// sentinels are one object for each source of the server. They grant something only to users whose names
// begin with e2e-.
const sentinels = `
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: e2e-sentinel}
spec:
  owners: []
  nodeSelector: {e2e: sentinel}
  storageClasses: {allowed: [e2e-sentinel]}
  ingressOptions: {allowedClasses: {allowed: [e2e-sentinel]}}
  priorityClasses: {allowed: [e2e-sentinel]}
  runtimeClasses: {allowed: [e2e-sentinel]}
---
apiVersion: capsule.clastix.io/v1beta1
kind: ProxySetting
metadata: {name: e2e-reader, namespace: e2e-sentinel}
spec:
  subjects:
  - kind: User
    name: e2e-reader
    proxySettings:
    - {kind: Nodes, operations: [List]}
    - {kind: PersistentVolumes, operations: [List]}
    - {kind: StorageClasses, operations: [List]}
    - {kind: IngressClasses, operations: [List]}
    - {kind: PriorityClasses, operations: [List]}
    - {kind: RuntimeClasses, operations: [List]}
---
apiVersion: v1
kind: Namespace
metadata:
  name: e2e-sentinel
  labels: {e2e: sentinel}
  ownerReferences: [{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, name: e2e-sentinel, uid: "uid-of-tenant:e2e-sentinel"}]
---
{apiVersion: v1, kind: Node, metadata: {name: e2e-sentinel, labels: {e2e: sentinel}}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: e2e-sentinel, labels: {capsule.clastix.io/tenant: e2e-sentinel}}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], persistentVolumeReclaimPolicy: Retain, hostPath: {path: /tmp/e2e}}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: e2e-sentinel}, provisioner: example.com/disk}
---
{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: e2e-sentinel}, spec: {controller: example.com/ingress}}
---
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: e2e-sentinel}, value: 1}
---
{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: e2e-sentinel}, handler: example}
---
{apiVersion: capsule.clastix.io/v1beta1, kind: ProxySetting, metadata: {name: e2e-sentinel, namespace: e2e-sentinel}, spec: {subjects: []}}
---
{apiVersion: capsule.clastix.io/v1beta1, kind: GlobalProxySettings, metadata: {name: e2e-sentinel}, spec: {rules: []}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: e2e-get-namespaces}, rules: [{apiGroups: [""], resources: [namespaces], verbs: [get]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: e2e-sentinel}, rules: []}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: e2e-sentinel, namespace: e2e-sentinel}, rules: []}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: e2e-sentinel, namespace: e2e-sentinel}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: e2e-get-namespaces}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: e2e-role, namespace: e2e-sentinel}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: e2e-sentinel}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: e2e-roles}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: e2e-clusterrole, namespace: e2e-sentinel}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: e2e-sentinel}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: e2e-clusterroles}]
`

// barrier waits until the server has seen everything that was written before. kube-apiserver delivers the
// changes of one resource in order, but those of different resources in any order. So the barrier changes
// the sentinel of each resource last, and waits until the server's responses show that.
type barrier struct{ cluster *cluster }

// rounds counts the waits of all barriers, so that sentinels never return to an earlier state.
var rounds int

// sentinel changes the sentinel of a source, and checks that the server has seen the change. If the target
// state may be the current one, it leaves that state first.
type sentinel struct {
	kind, namespace string
	leave, change   map[string]any
	left, seen      func(context.Context) error
}

// newBarrier creates the sentinels, and deletes them when the test ends.
func newBarrier(t *testing.T, c *cluster) *barrier {
	t.Helper()
	c.Create(t, sentinels)
	return &barrier{cluster: c}
}

// wait returns when the server, which follows the policy, has seen everything that was written before the
// call. It does not work if only users of Capsule see anything, because the sentinels' users are not users
// of Capsule.
func (b *barrier) wait(ctx context.Context, policy *grants.Policy) error {
	rounds++
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range b.sentinels(policy, strconv.Itoa(rounds)) {
		group.Go(func() error {
			if s.leave != nil {
				if err := b.change(ctx, &s, s.leave, s.left); err != nil {
					return err
				}
			}
			return b.change(ctx, &s, s.change, s.seen)
		})
	}
	return group.Wait()
}

func (b *barrier) change(ctx context.Context, s *sentinel, change map[string]any, seen func(context.Context) error) error {
	data, err := json.Marshal(change)
	if err != nil {
		return err
	}
	if _, err := b.cluster.Client(s.kind, s.namespace).Patch(ctx, sentinelName, types.MergePatchType, data, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("sentinel of kind %s: %w", s.kind, err)
	}
	if err := testcluster.Wait(ctx, func() error { return seen(ctx) }); err != nil {
		return fmt.Errorf("the server does not see the last %s: %w", s.kind, err)
	}
	return nil
}

func (b *barrier) sentinels(policy *grants.Policy, round string) []sentinel {
	var all []sentinel
	for _, k := range kinds {
		all = append(all, b.served(k, round))
	}
	tenant, setting := "e2e-tenants-"+round, "e2e-settings-"+round
	owner := userNamed(tenant)
	owner["proxySettings"] = everyKind() // a policy may limit ProxySettings to what an owner has
	all = append(all,
		sentinel{kind: "Tenant", change: spec("owners", owner), seen: b.shown(tenant, true)},
		sentinel{kind: "ProxySetting", namespace: sentinelName, change: spec("subjects", userNamed(setting)), seen: b.shown(setting, true)})
	if policy.GlobalProxySettings == grants.On {
		global := "e2e-global-" + round
		rule := map[string]any{"subjects": []any{userNamed(global)}, "clusterResources": []any{map[string]any{
			"apiGroups": []any{""}, "resources": []any{"namespaces"}, "selector": map[string]any{"matchLabels": map[string]any{"e2e": "sentinel"}},
		}}}
		all = append(all, sentinel{kind: "GlobalProxySettings", change: spec("rules", rule), seen: b.shown(global, true)})
	}
	if policy.RoleBindingNamespaces != grants.RoleBindingsOff {
		bound := "e2e-bound-" + round
		subject := userNamed(bound)
		subject["apiGroup"] = "rbac.authorization.k8s.io"
		all = append(all, sentinel{kind: "RoleBinding", namespace: sentinelName, change: map[string]any{"subjects": []any{subject}}, seen: b.shown(bound, true)})
	}
	if policy.RoleBindingNamespaces == grants.RoleBindingsRBACGet {
		// A role does not name users, so they cannot differ in each round.
		allow := func(resource string) map[string]any {
			return map[string]any{"rules": []any{map[string]any{"apiGroups": []any{""}, "resources": []any{resource}, "verbs": []any{"get"}}}}
		}
		for kind, user := range map[string]string{"Role": "e2e-roles", "ClusterRole": "e2e-clusterroles"} {
			s := sentinel{kind: kind, leave: allow("pods"), left: b.shown(user, false), change: allow("namespaces"), seen: b.shown(user, true)}
			if kind == "Role" {
				s.namespace = sentinelName
			}
			all = append(all, s)
		}
	}
	return all
}

func spec(field string, element any) map[string]any {
	return map[string]any{"spec": map[string]any{field: []any{element}}}
}

func userNamed(name string) map[string]any { return map[string]any{"kind": "User", "name": name} }

// everyKind returns proxySettings for all kinds that need them.
func everyKind() []any {
	var all []any
	for _, kind := range []string{"Nodes", "PersistentVolumes", "StorageClasses", "IngressClasses", "PriorityClasses", "RuntimeClasses"} {
		all = append(all, map[string]any{"kind": kind, "operations": []any{"List"}})
	}
	return all
}

// served returns the sentinel of a kind that is served: its annotation changes.
func (b *barrier) served(k kind, round string) sentinel {
	const annotation = "e2e.example.com/round"
	s := sentinel{kind: k.UpstreamKind, change: map[string]any{"metadata": map[string]any{"annotations": map[string]any{annotation: round}}}}
	config := b.cluster.Impersonating(sentinelReader)
	s.seen = func(ctx context.Context) error {
		a, err := testcluster.TryGet(ctx, config, k.Path()+"/"+sentinelName)
		if err != nil {
			return err
		}
		o := &metav1.PartialObjectMetadata{}
		if err := json.Unmarshal(a.Body, o); err != nil || a.Code != 200 || o.Annotations[annotation] != round {
			return fmt.Errorf("got %d in round %s: %s", a.Code, round, a.Body)
		}
		return nil
	}
	return s
}

// shown checks the sentinel of a source that grants something: whether a user sees the sentinel namespace.
func (b *barrier) shown(user string, want bool) func(context.Context) error {
	config := b.cluster.Impersonating(user)
	return func(ctx context.Context) error {
		a, err := testcluster.TryGet(ctx, config, kindOf("namespaces").Path())
		if err != nil {
			return err
		}
		list := &metav1.PartialObjectMetadataList{}
		if err := json.Unmarshal(a.Body, list); err != nil || a.Code != 200 {
			return fmt.Errorf("got %d: %s", a.Code, a.Body)
		}
		// A case may show more to all users.
		got := slices.ContainsFunc(list.Items, func(o metav1.PartialObjectMetadata) bool { return o.Name == sentinelName })
		if got != want {
			return fmt.Errorf("%s sees %s", user, a.Body)
		}
		return nil
	}
}
