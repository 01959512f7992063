// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"encoding/base64"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"capsule.dev/tenantview/e2e/testcluster"
)

// trust is what kube-apiserver and the server have to agree on.
type trust struct {
	Bundle string
	Secret map[string][]byte
}

// trust returns the caBundle of the APIService and the Secret that the server's Pods mount.
func (c *cluster) trust(t *testing.T) trust {
	t.Helper()
	bundle, _, err := unstructured.NestedString(c.apiService(t).Object, "spec", "caBundle")
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := base64.StdEncoding.DecodeString(bundle)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Core.CoreV1().Secrets(namespace).Get(t.Context(), c.servingSecret(t), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return trust{string(decoded), s.Data}
}

// servingSecret returns the name of the Secret that the server's Pods mount.
func (c *cluster) servingSecret(t *testing.T) string {
	t.Helper()
	for _, v := range c.deployment(t).Spec.Template.Spec.Volumes {
		if v.Secret != nil {
			return v.Secret.SecretName
		}
	}
	t.Fatal("the Deployment mounts no Secret")
	return ""
}

// A change of values reaches the server. The certificate stays: neither Helm's upgrade nor its rollback may
// part the server from the caBundle. While Pods are replaced, no list fails.
func TestUpgradeAndRollback(t *testing.T) {
	shared.install(t)
	before := shared.trust(t)
	shared.list(t, shared.As(t, "alice"), "tenantnamespaces")
	stop := shared.steady(t, "alice")

	shared.upgrade(t, set("policy.unsetClasses=None", "policy.roleBindingNamespaces=Off", "listNodeImages=true")...)
	if got := []string{shared.arg(t, "unset-classes"), shared.arg(t, "role-binding-namespaces"), shared.arg(t, "list-node-images")}; !slices.Equal(got, []string{"None", "Off", "true"}) {
		t.Errorf("flags after the upgrade: %v", got)
	}
	if diff := cmp.Diff(before, shared.trust(t)); diff != "" {
		t.Error("the upgrade has changed the certificate")
	}
	// erin has only a RoleBinding, which counts no more.
	shared.eventually(t, "erin", "tenantnamespaces")
	shared.requireSample(t)

	shared.mustHelm(t, "rollback", release, "1", "--wait", "--timeout=3m")
	if got := shared.arg(t, "role-binding-namespaces"); got == "Off" {
		t.Error("the rollback has not changed the flags back")
	}
	if diff := cmp.Diff(before, shared.trust(t)); diff != "" {
		t.Error("the rollback has changed the certificate")
	}
	shared.eventually(t, "erin", "tenantnamespaces", "solar-web")
	shared.requireSample(t)
	lists, errs := stop()
	if len(errs) > 0 {
		t.Errorf("%d of %d lists failed while Pods were replaced; the first: %v", len(errs), lists, errs[0])
	}
	t.Logf("%d lists during an upgrade and a rollback", lists)
	if status, revision := shared.statusOf(t); status != "deployed" || revision != 3 {
		t.Errorf("the release is %s at revision %d", status, revision)
	}
}

// Repeating the installation changes nothing: GitOps tools and nervous people do it.
func TestUpgradeWithoutChange(t *testing.T) {
	shared.install(t)
	versions := func() map[string]string {
		all := map[string]string{
			"Deployment": fmt.Sprint(shared.deployment(t).Generation),
		}
		for _, p := range shared.pods(t) {
			all[p.Name] = string(p.UID)
		}
		return all
	}
	before, certificate := versions(), shared.trust(t)
	shared.mustHelm(t, "upgrade", "--install", release, shared.chart, "--create-namespace", "--wait", "--timeout=3m")
	if diff := cmp.Diff(before, versions()); diff != "" {
		t.Errorf("Pods (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(certificate, shared.trust(t)); diff != "" {
		t.Error("the certificate has changed")
	}
	testcluster.Eventually(t, "the APIService is Available", func() error { return shared.available(t) })
}
