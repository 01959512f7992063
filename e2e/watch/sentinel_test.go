// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"capsule.dev/tenantview/e2e/testcluster"
)

// sentinelName is the name of the sentinels: an object of each kind, which all users see, and one of each
// source of grants.
const sentinelName = "sentinel"

// sentinels are shown twice, by a GlobalProxySettings and by a Tenant or, so that it is not deleted with
// that, a RoleBinding: either may go.
const sentinelGrants = `
---
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: sentinel}
spec:
  owners: [{kind: Group, name: "system:authenticated"}]
  nodeSelector: {e2e: sentinel}
  storageClasses: {allowed: [sentinel]}
  priorityClasses: {allowed: [sentinel]}
  runtimeClasses: {allowed: [sentinel]}
  ingressOptions: {allowedClasses: {allowed: [sentinel]}}
---
apiVersion: capsule.clastix.io/v1beta1
kind: GlobalProxySettings
metadata: {name: sentinel}
spec:
  rules:
  - subjects: [{kind: Group, name: "system:authenticated"}]
    clusterResources: [{apiGroups: ["*"], resources: ["*"], operations: [List], selector: {matchLabels: {e2e: sentinel}}}]
`

// barriers are what a barrier writes to, with objects of each source of grants: they show the namespace of
// the barrier to users whose names end with the number of the round.
const barriers = `
{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, metadata: {name: BARRIER}, spec: {owners: []}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: BARRIER, labels: {e2e: BARRIER}, ownerReferences: [
  {apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, name: BARRIER, uid: "uid-of-tenant:BARRIER"}]}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: e2e-get-namespaces}, rules: [{apiGroups: [""], resources: [namespaces], verbs: [get]}]}
`

// barrierOf writes an object of a source of grants, by kind, which shows the namespace BARRIER to USER.
var barrierOf = map[string]string{
	"Tenant": `{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, metadata: {name: BARRIER}, spec: {owners: [{kind: User, name: USER}]}}`,
	"ProxySetting": `{apiVersion: capsule.clastix.io/v1beta1, kind: ProxySetting, metadata: {name: barrier, namespace: BARRIER}, spec: {subjects: [
  {kind: User, name: USER, proxySettings: [{kind: Nodes, operations: [List]}]}]}}`,
	"GlobalProxySettings": `{apiVersion: capsule.clastix.io/v1beta1, kind: GlobalProxySettings, metadata: {name: barrier}, spec: {rules: [
  {subjects: [{kind: User, name: USER}], clusterResources: [{apiGroups: [""], resources: [namespaces], selector: {matchLabels: {e2e: BARRIER}}}]}]}}`,
	"RoleBinding": `{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: barrier, namespace: BARRIER},
 roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: e2e-get-namespaces},
 subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: USER}]}`,
	// The binding is there before the role that it names, so that the role decides.
	"Role": `{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: USER, namespace: BARRIER},
 roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: USER}, subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: USER}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: USER, namespace: BARRIER}, rules: [{apiGroups: [""], resources: [namespaces], verbs: [get]}]}`,
}

// sentinelBinding shows the namespace of the sentinels.
const sentinelBinding = `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: sentinel, namespace: sentinel}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: e2e-get-namespaces}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}]
`

// sentinels are made when they are first needed, and stay.
type sentinels struct {
	made  bool
	round int
	// barrier is the name of the namespace and of the Tenant of barriers. When the Tenants are deleted they
	// are new ones: the old namespace is deleted, too, at some time.
	barrier string
}

var everybodys sentinels

// start makes sure that the sentinels exist, and that a user who owns nothing else is shown them.
func (s *sentinels) start(t *testing.T) {
	t.Helper()
	if s.made {
		return
	}
	s.round++
	s.barrier = fmt.Sprintf("barrier%d", s.round)
	source := sentinelGrants + "---" + strings.ReplaceAll(barriers, "BARRIER", s.barrier)
	for _, k := range kinds {
		source += k.object(sentinelName, "labels: {e2e: sentinel, env: sentinel, capsule.clastix.io/tenant: sentinel}")
	}
	shared.Update(t, source+"---\n"+sentinelBinding)
	s.made = true
	for _, k := range kinds {
		eventuallyLists(t, k, "nobody", sentinelName)
	}
}

// pass returns when the server has seen everything that was written before to the given sources of grants.
// kube-apiserver delivers the changes of one resource in order, but those of different resources in any
// order.
func (s *sentinels) pass(t *testing.T, sources ...string) {
	t.Helper()
	s.round++
	for _, source := range sources {
		user := fmt.Sprintf("barrier-%s-%d", source, s.round)
		if source == "Namespace" {
			s.show(t, kindOf("namespaces"))
			continue
		}
		// One after the other, in this order.
		for _, o := range testcluster.Decode(t, strings.NewReplacer("BARRIER", s.barrier, "USER", user).Replace(barrierOf[source])) {
			if _, err := shared.Put(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		eventuallyLists(t, kindOf("namespaces"), user, s.barrier, sentinelName)
	}
}

// passAll is like pass, for all sources, including those of the kinds.
func (s *sentinels) passAll(t *testing.T) {
	t.Helper()
	s.pass(t, "Tenant", "ProxySetting", "GlobalProxySettings", "RoleBinding", "Role")
	for _, k := range kinds {
		s.show(t, k)
	}
}

// show changes the sentinel of a kind and waits until a list shows that.
func (s *sentinels) show(t *testing.T, k kind) {
	t.Helper()
	isIt := s.touch(t, k)
	config := shared.Impersonating("nobody")
	testcluster.Eventually(t, "a list shows the change of a sentinel", func() error {
		answer, err := testcluster.TryGet(t.Context(), config, k.Path()+"/"+sentinelName)
		if err != nil {
			return err
		}
		if answer.Code != http.StatusOK {
			return errors.New(string(answer.Body))
		}
		if !isIt(testcluster.Event{Type: "GET", Object: answer.Object(t)}) {
			return errors.New("not yet")
		}
		return nil
	})
}

// touch changes the sentinel of a kind, so that it becomes a MODIFIED event for everybody, and returns what
// tells that event.
func (s *sentinels) touch(t *testing.T, k kind) func(testcluster.Event) bool {
	t.Helper()
	s.round++
	mark := fmt.Sprint(s.round)
	shared.Patch(t, k.UpstreamKind, "", sentinelName, fmt.Sprintf("metadata: {annotations: {e2e: %q}}", mark))
	return func(e testcluster.Event) bool {
		if e.Type == "ERROR" {
			t.Fatalf("the watch of %s has failed: %v", k.Upstream.Resource, e.Object.Object)
		}
		return e.Name() == sentinelName && e.Annotations()["e2e"] == mark
	}
}

// eventuallyLists waits until a list of the user shows exactly these names.
func eventuallyLists(t *testing.T, k kind, user string, want ...string) {
	t.Helper()
	config := shared.Impersonating(user)
	testcluster.Eventually(t, fmt.Sprintf("%s sees %v of %s", user, want, k.Upstream.Resource), func() error {
		answer, err := testcluster.TryGet(t.Context(), config, k.Path())
		if err != nil {
			return err
		}
		if answer.Code != http.StatusOK {
			return errors.New(string(answer.Body))
		}
		if got := testcluster.Names(answer.List(t)); fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("got %v", got)
		}
		return nil
	})
}
