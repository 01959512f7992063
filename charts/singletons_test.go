// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	proxySettings       = "proxysettings.capsule.clastix.io"
	globalProxySettings = "globalproxysettings.capsule.clastix.io"
)

func definitionOfRelease(release, namespace string) *unstructured.Unstructured {
	return owned("apiextensions.k8s.io/v1", "CustomResourceDefinition", release, namespace)
}

// applied is an object whose spec a manager has written by an operation.
func applied(object *unstructured.Unstructured, manager string, operation metav1.ManagedFieldsOperationType, fields string) *unstructured.Unstructured {
	object.SetManagedFields(append(object.GetManagedFields(), metav1.ManagedFieldsEntry{
		Manager: manager, Operation: operation, APIVersion: definitions, FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fields),
	}))
	return object
}

// Definitions that capsule-proxy or an administrator has installed are theirs. Those of this release are upgraded.
func TestDefinitionsOfOthersAreLeftAlone(t *testing.T) {
	const spec, labels = `{"f:spec":{"f:versions":{}}}`, `{"f:metadata":{"f:labels":{"f:a":{}}}}`
	own := func() *unstructured.Unstructured { return definitionOfRelease(release, namespace) }
	for title, c := range map[string]struct {
		cluster cluster
		want    []string
	}{
		"none there":         {cluster{}, []string{proxySettings, globalProxySettings}},
		"of capsule-proxy":   {cluster{definitionPath + proxySettings: definitionOfRelease("capsule-proxy", "capsule-system")}, []string{globalProxySettings}},
		"of nobody":          {cluster{definitionPath + globalProxySettings: definitionOfRelease("", "")}, []string{proxySettings}},
		"of this release":    {cluster{definitionPath + proxySettings: definitionOfRelease(release, namespace)}, []string{proxySettings, globalProxySettings}},
		"of one of its name": {cluster{definitionPath + proxySettings: definitionOfRelease(release, "other")}, []string{globalProxySettings}},
		// "kubectl apply --server-side --force-conflicts" leaves Helm's annotations.
		"taken over":       {cluster{definitionPath + proxySettings: applied(applied(own(), "helm", metav1.ManagedFieldsOperationApply, labels), "capsule-proxy", metav1.ManagedFieldsOperationApply, spec)}, []string{globalProxySettings}},
		"applied by Helm":  {cluster{definitionPath + proxySettings: applied(own(), "helm", metav1.ManagedFieldsOperationApply, spec)}, []string{proxySettings, globalProxySettings}},
		"applied by Flux":  {cluster{definitionPath + proxySettings: applied(own(), "helm-controller", metav1.ManagedFieldsOperationApply, spec)}, []string{proxySettings, globalProxySettings}},
		"updated by Helm":  {cluster{definitionPath + proxySettings: applied(own(), "Go-http-client", metav1.ManagedFieldsOperationUpdate, spec)}, []string{proxySettings, globalProxySettings}},
		"labelled by some": {cluster{definitionPath + proxySettings: applied(own(), "labeller", metav1.ManagedFieldsOperationApply, labels)}, []string{proxySettings, globalProxySettings}},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			all, err := c.cluster.renderIn(t, "{crds: {install: true}, certificates: {source: cert-manager}}")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, definition := range []string{proxySettings, globalProxySettings} {
				object := all["CustomResourceDefinition/"+definition]
				if object == nil {
					continue
				}
				got = append(got, definition)
				if object.GetAnnotations()["helm.sh/resource-policy"] != "keep" {
					t.Errorf("%s and its objects would be deleted with the release", definition)
				}
			}
			if strings.Join(got, " ") != strings.Join(c.want, " ") {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// A second release would take over the APIService. Helm refuses that, but names the first object that it finds.
func TestSecondRelease(t *testing.T) {
	const values = "certificates: {source: cert-manager}"
	_, err := cluster{apiServicePath: owned("apiregistration.k8s.io/v1", "APIService", "first", "other")}.renderIn(t, values)
	const want = "this cluster has tenantview already: the APIService v1alpha1.tenantview.capsule.dev belongs to the release first in the namespace other"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%q is not in the error: %v", want, err)
	}
	if _, err := (cluster{apiServicePath: owned("apiregistration.k8s.io/v1", "APIService", release, namespace)}).renderIn(t, values); err != nil {
		t.Errorf("an upgrade: %v", err)
	}
}
