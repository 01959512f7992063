// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"errors"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
	"capsule.dev/tenantview/hack/dev/sample"
)

var settings = []string{"proxysettings.capsule.clastix.io", "globalproxysettings.capsule.clastix.io"}

func (c *cluster) crd(t *testing.T, name string) *testcluster.Object {
	t.Helper()
	o, err := c.Client("CustomResourceDefinition", "").Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// capsule-proxy's chart, or kubectl, has installed the same CRDs. The chart changes nothing of them, ever.
func TestCRDsOfOthersAreLeftAlone(t *testing.T) {
	owner := `metadata: {annotations: {meta.helm.sh/release-name: capsule-proxy, meta.helm.sh/release-namespace: capsule-system}, labels: {app.kubernetes.io/managed-by: Helm}}`
	shared.Patch(t, "CustomResourceDefinition", "", settings[0], owner)
	t.Cleanup(func() {
		none := `metadata: {annotations: {meta.helm.sh/release-name: null, meta.helm.sh/release-namespace: null}, labels: {app.kubernetes.io/managed-by: null}}`
		if err := shared.TryPatch(context.WithoutCancel(t.Context()), "CustomResourceDefinition", "", settings[0], none); err != nil {
			t.Error(err)
		}
	})
	versions := func() [2]string {
		return [2]string{shared.crd(t, settings[0]).GetResourceVersion(), shared.crd(t, settings[1]).GetResourceVersion()}
	}
	before := versions()
	shared.install(t, set("crds.install=true")...)
	if got := versions(); got != before {
		t.Error("the installation has changed a CRD")
	}
	shared.upgrade(t, set("crds.install=true", "policy.unsetClasses=None")...)
	if got := versions(); got != before {
		t.Error("the upgrade has changed a CRD")
	}
	shared.mustHelm(t, "uninstall", release)
	if got := versions(); got != before {
		t.Error("the removal has changed a CRD")
	}
}

// generations are objects as the CRDs of all releases of capsule-proxy have stored them: the operations were
// List, Update and Delete, and are List and Get today; later versions have more fields.
const generations = `
apiVersion: capsule.clastix.io/v1beta1
kind: ProxySetting
metadata: {name: first, namespace: solar-web}
spec:
  subjects:
  - kind: User
    name: frank
    proxySettings:
    - {kind: Nodes, operations: [List, Update, Delete]}
    - {kind: StorageClasses, operations: [List]}
    - {kind: IngressClasses, operations: [Update]}
    - {kind: PriorityClasses, operations: [Delete]}
    - {kind: RuntimeClasses, operations: [List]}
    - {kind: PersistentVolumes, operations: [List]}
---
apiVersion: capsule.clastix.io/v1beta1
kind: ProxySetting
metadata: {name: second, namespace: solar-web}
spec:
  subjects:
  - kind: Group
    name: friends
    clusterResources:
    - {apiGroups: [storage.k8s.io], resources: [storageclasses], operations: [List, Update, Delete], selector: {matchLabels: {tier: shared}}}
    - {apiGroups: ["*"], resources: ["*"], operations: [List, Get], selector: {matchExpressions: [{key: pool, operator: Exists}]}}
  - {kind: ServiceAccount, name: "system:serviceaccount:solar-web:default", proxySettings: [{kind: Nodes, operations: [List]}]}
---
apiVersion: capsule.clastix.io/v1beta1
kind: GlobalProxySettings
metadata: {name: first}
spec:
  rules:
  - subjects: [{kind: User, name: frank}]
    clusterResources:
    - {apiGroups: [""], resources: [nodes], operations: [List], selector: {matchLabels: {pool: wind}}}
    - {apiGroups: [""], resources: [namespaces], operations: [Get], selector: {matchLabels: {team: platform}}}
`

// A cluster without capsule-proxy gets the CRDs from the chart. The server, which has been running, notices. They, and
// what they hold, stay when the release goes, and the next release takes them over.
func TestCRDsAreInstalledAndKept(t *testing.T) {
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		shared.RemoveAll(t, crdsNamed(settings...))
		applier, err := controlplane.NewApplier(shared.Admin)
		if err == nil {
			err = errors.Join(shared.InstallCRDs(ctx), sample.Apply(ctx, applier))
		}
		if err != nil {
			t.Error(err)
		}
	})
	shared.RemoveAll(t, crdsNamed(settings...))
	shared.install(t)
	shared.requireSample(t)
	if names := shared.list(t, shared.As(t, "frank"), "tenantnamespaces"); len(names) != 0 {
		t.Errorf("frank sees %v", names)
	}
	pods := shared.podNames(t)

	shared.upgrade(t, set("crds.install=true")...)
	if after := shared.podNames(t); !slices.Equal(pods, after) {
		t.Errorf("the Pods %v were replaced by %v", pods, after)
	}
	for _, name := range settings {
		if _, ok := shared.crd(t, name).Object["status"].(map[string]any)["conditions"]; !ok {
			t.Errorf("%s has no conditions", name)
		}
	}
	shared.Update(t, generations)
	shared.eventually(t, "frank", "tenantnodes", "solar-node-1", "solar-node-2", "wind-node-1", "wind-node-2")

	shared.mustHelm(t, "uninstall", release)
	for _, name := range settings {
		if shared.crd(t, name).GetDeletionTimestamp() != nil {
			t.Errorf("%s is being deleted", name)
		}
	}
	shared.mustHelm(t, again(set("crds.install=true")...)...)
	if names := shared.list(t, shared.As(t, "frank"), "tenantnodes"); len(names) != 4 {
		t.Errorf("after the next installation frank sees %v", names)
	}

	// capsule-proxy's job applies its own definition over that of the chart, which leaves it alone from then on.
	taken := shared.crd(t, settings[0])
	taken.SetManagedFields(nil)
	taken.SetResourceVersion("")
	delete(taken.Object, "status")
	options := metav1.ApplyOptions{FieldManager: "crd-lifecycle", Force: true}
	after, err := shared.Client("CustomResourceDefinition", "").Apply(t.Context(), settings[0], taken, options)
	if err != nil {
		t.Fatal(err)
	}
	for _, upgrade := range []string{"policy.unsetClasses=None", "policy.unsetClasses=All"} {
		shared.upgrade(t, set("crds.install=true", "crds.annotations.changed=yes", upgrade)...)
		if got := shared.crd(t, settings[0]); got.GetResourceVersion() != after.GetResourceVersion() {
			t.Errorf("the upgrade to %s has changed %s, which something else had taken over: %v", upgrade, settings[0], got.GetAnnotations())
		}
	}
	if shared.crd(t, settings[1]).GetAnnotations()["changed"] != "yes" {
		t.Errorf("the upgrade has not changed %s", settings[1])
	}
}

func crdsNamed(names ...string) []*testcluster.Object {
	var all []*testcluster.Object
	for _, name := range names {
		o := &testcluster.Object{}
		o.SetKind("CustomResourceDefinition")
		o.SetName(name)
		all = append(all, o)
	}
	return all
}
