// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const definitions = "apiextensions.k8s.io/v1"

// installed is a cluster that has Capsule and ProxySettings.
var installed = cluster{
	"/api/v1/namespaces/default":                  owned("v1", "Namespace", "", ""),
	definitionPath + "tenants.capsule.clastix.io": owned(definitions, "CustomResourceDefinition", "capsule", "capsule-system"),
	definitionPath + proxySettings:                owned(definitions, "CustomResourceDefinition", "capsule", "capsule-system"),
}

// The notes end an installation: they say what to do next, and warn of what will go wrong.
func TestNotes(t *testing.T) {
	for title, tc := range map[string]struct {
		cluster  cluster
		values   string
		say      []string
		warnings []string
	}{
		"default": {
			installed, "{}",
			[]string{"--for=condition=Available", "helm test tv --namespace tenantview-system", "kubectl get tenantview", "The certificate ends at 20"}, nil,
		},
		"cert-manager": {
			installed, "certificates: {source: cert-manager}",
			[]string{"kubectl describe certificate --namespace tenantview-system tenantview-apiserver-cert-manager"}, nil,
		},
		"given certificate": {
			installed, "certificates: {source: secret, secret: {name: given}, caBundle: " + certificate + "}",
			[]string{"when the Secret given is there", "tenantview-apiserver.tenantview-system.svc"}, nil,
		},
		"all that can go wrong": {
			installed,
			"{replicas: 1, users: {groups: []}, metrics: {serviceMonitor: {enabled: true}}, hostNetwork: true, rbac: {create: false}, writes: {enabled: true}}",
			[]string{"kubectl label tenantnode"},
			[]string{"There is one replica", "users.groups and users.subjects are empty", "metrics.readers is empty", "hostNetwork is on", "rbac.create is false", "writes.enabled is true"},
		},
		"alerts, but no metrics; no APIService": {
			installed, "{metrics: {prometheusRule: {enabled: true}}, apiService: {create: false}}",
			[]string{"kubectl rollout status deployment/tenantview-apiserver"},
			[]string{"metrics.prometheusRule.enabled is true, but", "apiService.create is false"},
		},
		"definitions of others": {
			installed, "crds: {install: true}", nil,
			[]string{"crds.install is true, but the definition " + proxySettings + " belongs to capsule: it was left alone"},
		},
		"definitions that were taken over": {
			cluster{
				"/api/v1/namespaces/default":                  owned("v1", "Namespace", "", ""),
				definitionPath + "tenants.capsule.clastix.io": owned(definitions, "CustomResourceDefinition", "capsule", "capsule-system"),
				definitionPath + proxySettings:                applied(definitionOfRelease(release, namespace), "crd-lifecycle", metav1.ManagedFieldsOperationApply, `{"f:spec":{}}`),
				definitionPath + globalProxySettings:          definitionOfRelease(release, namespace),
			}, "crds: {install: true}", nil,
			[]string{"crds.install is true, but the definition " + proxySettings + " belongs to crd-lifecycle"},
		},
		"writes within what owners have": {installed, "writes: {enabled: true}", nil, []string{"writes.enabled is true"}},
		"writes that tenants grant": {
			installed, "{writes: {enabled: true}, policy: {proxySettingGrants: Tenant}}", nil,
			[]string{"writes.enabled is true", "policy.proxySettingGrants is Tenant while writes are enabled"},
		},
		"nothing wrong after all": {
			installed, "{replicas: 1, autoscaling: {enabled: true}, hostNetwork: true, strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}}", nil, nil,
		},
		"without Capsule": {
			cluster{"/api/v1/namespaces/default": owned("v1", "Namespace", "", "")}, "{}", nil,
			[]string{"Capsule is not installed", "This cluster has no ProxySettings"},
		},
		"with definitions": {
			cluster{"/api/v1/namespaces/default": owned("v1", "Namespace", "", "")}, "crds: {install: true}", nil,
			[]string{"Capsule is not installed"},
		},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			out, err := tc.cluster.helm(t, "install", tc.values)
			if err != nil {
				t.Fatal(err)
			}
			_, notes, _ := strings.Cut(out, "\nNOTES:\n")
			for _, want := range tc.say {
				if !strings.Contains(notes, want) {
					t.Errorf("%q is not in the notes:\n%s", want, notes)
				}
			}
			var warnings []string
			for line := range strings.Lines(notes) {
				warning, ok := strings.CutPrefix(line, "WARNING: ")
				if !ok {
					continue
				}
				for _, expected := range tc.warnings {
					if strings.HasPrefix(warning, expected) {
						warning = expected
					}
				}
				warnings = append(warnings, warning)
			}
			if diff := cmp.Diff(tc.warnings, warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}
