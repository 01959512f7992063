// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/e2e/testcluster"
)

// labelled are the kinds of which the chart has objects outside of its namespace.
var labelled = []string{
	"/apis/apiregistration.k8s.io/v1/apiservices", "/apis/rbac.authorization.k8s.io/v1/clusterroles",
	"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", "/apis/rbac.authorization.k8s.io/v1/roles",
	"/apis/rbac.authorization.k8s.io/v1/rolebindings", "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas",
	"/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations", "/apis/apps/v1/deployments", "/api/v1/services",
	"/api/v1/secrets", "/api/v1/configmaps", "/api/v1/serviceaccounts", "/apis/policy/v1/poddisruptionbudgets",
	"/apis/networking.k8s.io/v1/networkpolicies",
}

// Nothing of the release stays but CRDs, and other namespaces can be deleted at once: an APIService without a server
// would keep all of them.
func TestUninstall(t *testing.T) {
	shared.install(t)
	shared.requireSample(t)
	shared.mustHelm(t, "test", release, "--timeout=2m")
	const other = "e2e-chart-other"
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: other}}
	if _, err := shared.Core.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	shared.mustHelm(t, "uninstall", release, "--wait", "--timeout=3m")
	for _, path := range labelled {
		list := testcluster.Get(t, shared.Admin, path+"?labelSelector=app.kubernetes.io/instance="+release).List(t)
		if names := testcluster.Names(list); len(names) > 0 {
			t.Errorf("left of %s: %v", path, names)
		}
	}
	for _, name := range []string{other, namespace} {
		if err := shared.Core.CoreV1().Namespaces().Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		testcluster.Eventually(t, "the namespace "+name+" is gone", func() error {
			ns, err := shared.Core.CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				return nil
			}
			if err == nil {
				for _, c := range ns.Status.Conditions {
					if c.Type == corev1.NamespaceDeletionDiscoveryFailure && c.Status == corev1.ConditionTrue {
						t.Fatalf("discovery keeps the namespace %s: %s", name, c.Message)
					}
				}
			}
			return errors.Join(err, errors.New("it still exists"))
		})
	}
	testcluster.Get(t, shared.Admin, testcluster.Root).Expect(t, 404)
}
