// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// putSecret creates or replaces a Secret, and the namespace of the release.
func (c *cluster) putSecret(ctx context.Context, name string, data map[string][]byte) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if _, err := c.Core.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Type: corev1.SecretTypeTLS, Data: data}
	_, err := c.Core.CoreV1().Secrets(namespace).Create(ctx, s, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		_, err = c.Core.CoreV1().Secrets(namespace).Update(ctx, s, metav1.UpdateOptions{})
	}
	return err
}

// podNames returns the names of the Pods.
func (c *cluster) podNames(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, p := range c.pods(t) {
		names = append(names, p.Name)
	}
	return names
}

// Helm's own certificate is made again by an upgrade near its end. Tenants notice nothing: kube-apiserver trusts the
// old one until the servers have taken the new one, without a restart.
func TestHelmRenewsItsCertificate(t *testing.T) {
	shared.install(t, set("certificates.helm.validityDays=30", "certificates.helm.renewBeforeDays=10")...)
	first := shared.trust(t)
	shared.serves(t, first.Secret, first.Bundle)
	shared.list(t, shared.As(t, "alice"), "tenantnamespaces")
	pods := shared.podNames(t)
	stop := shared.steady(t, "alice")
	shared.upgrade(t, "--reset-values")
	second := shared.trust(t)
	if cmp.Equal(first.Secret, second.Secret) {
		t.Error("the certificate has not been renewed")
	}
	if !strings.Contains(second.Bundle, strings.TrimSpace(first.Bundle)) {
		t.Error("kube-apiserver does not trust the old certificate any more")
	}
	shared.serves(t, second.Secret, second.Bundle)
	if lists, errs := stop(); len(errs) > 0 {
		t.Errorf("%d of %d lists failed meanwhile; the first: %v", len(errs), lists, errs[0])
	}
	if after := shared.podNames(t); !slices.Equal(pods, after) {
		t.Errorf("the Pods %v were replaced by %v", pods, after)
	}
	shared.upgrade(t)
	if diff := cmp.Diff(second, shared.trust(t)); diff != "" {
		t.Error("the next upgrade has renewed it again")
	}
	shared.requireSample(t)
}

// The administrator gives a Secret and its CA, and renews the Secret by himself.
func TestGivenCertificate(t *testing.T) {
	ca := newAuthority(t, "the administrator's CA")
	file := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(file, []byte(ca.pem), 0o600); err != nil {
		t.Fatal(err)
	}
	first := ca.issue(t, time.Now().Add(time.Hour), serverName)
	if err := shared.putSecret(t.Context(), "given", first); err != nil {
		t.Fatal(err)
	}
	shared.install(t, "--set", "certificates.source=secret,certificates.secret.name=given", "--set-file", "certificates.caBundle="+file)
	shared.serves(t, first, shared.trust(t).Bundle)
	shared.requireSample(t)
	pods := shared.podNames(t)
	second := ca.issue(t, time.Now().Add(2*time.Hour), serverName)
	if err := shared.putSecret(t.Context(), "given", second); err != nil {
		t.Fatal(err)
	}
	shared.serves(t, second, shared.trust(t).Bundle)
	shared.requireSample(t)
	if after := shared.podNames(t); !slices.Equal(pods, after) {
		t.Errorf("the Pods %v were replaced by %v", pods, after)
	}
}

// stubs are CRDs of cert-manager's kinds, which accept everything.
func stubs() string {
	all := &strings.Builder{}
	for plural, kind := range map[string]string{"certificates": "Certificate", "issuers": "Issuer", "clusterissuers": "ClusterIssuer"} {
		scope := "Namespaced"
		if plural == "clusterissuers" {
			scope = "Cluster"
		}
		fmt.Fprintf(all, `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[1]s.cert-manager.io}
spec:
  group: cert-manager.io
  scope: %[3]s
  names: {plural: %[1]s, kind: %[2]s}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`, plural, kind, scope)
	}
	return all.String()
}

// certManager plays cert-manager for one Certificate, and its cainjector, until the test ends: it issues what the
// Certificate asks for, and follows the annotation of the APIService.
func (c *cluster) certManager(t *testing.T, ca *authority) {
	certificates := schema.GroupVersionResource{Group: "cert-manager.io", Version: "v1", Resource: "certificates"}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	t.Cleanup(func() { stop(); <-done })
	issued := make(map[string]bool)
	step := func() error {
		list, err := c.Dynamic.Resource(certificates).Namespace(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, o := range list.Items {
			secret, _, _ := unstructured.NestedString(o.Object, "spec", "secretName")
			names, _, _ := unstructured.NestedStringSlice(o.Object, "spec", "dnsNames")
			if isCA, _, _ := unstructured.NestedBool(o.Object, "spec", "isCA"); isCA || issued[secret] {
				continue
			}
			if err := c.putSecret(ctx, secret, ca.issue(t, time.Now().Add(time.Hour), names...)); err != nil {
				return err
			}
			issued[secret] = true
		}
		service, err := c.Client("APIService", "").Get(ctx, controlplane.APIServiceName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		from := service.GetAnnotations()["cert-manager.io/inject-ca-from"]
		if bundle, _, _ := unstructured.NestedString(service.Object, "spec", "caBundle"); bundle != "" || from == "" {
			return nil
		}
		ns, name, _ := strings.Cut(from, "/")
		o, err := c.Dynamic.Resource(certificates).Namespace(ns).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		secret, _, _ := unstructured.NestedString(o.Object, "spec", "secretName")
		s, err := c.Core.CoreV1().Secrets(ns).Get(ctx, secret, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if err := unstructured.SetNestedField(service.Object, base64.StdEncoding.EncodeToString(s.Data["ca.crt"]), "spec", "caBundle"); err != nil {
			return err
		}
		_, err = c.Client("APIService", "").Update(ctx, service, metav1.UpdateOptions{FieldManager: "cainjector"})
		return err
	}
	go func() {
		defer close(done)
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				_ = step()
			}
		}
	}()
}

// cert-manager issues the certificate and injects its CA. An upgrade and a rollback leave alone what it injected.
func TestCertManager(t *testing.T) {
	ca := newAuthority(t, "cert-manager's CA")
	values := set("certificates.source=cert-manager")
	t.Run("absent", func(t *testing.T) {
		shared.tidy(t)
		_, stderr, err := shared.helm(t.Context(), again(values...)...)
		if err == nil || !strings.Contains(stderr, "cert-manager") {
			t.Errorf("helm said %q (%v)", stderr, err)
		}
	})
	shared.Create(t, stubs())
	shared.certManager(t, ca)
	shared.install(t, values...)
	before := shared.trust(t)
	if before.Bundle != ca.pem {
		t.Errorf("the caBundle is %q", before.Bundle)
	}
	shared.serves(t, before.Secret, ca.pem)
	shared.requireSample(t)
	// A value that replaces no Pods.
	shared.upgrade(t, append(values, set("service.annotations.example\\.com/a=b")...)...)
	if diff := cmp.Diff(before, shared.trust(t)); diff != "" {
		t.Error("the upgrade has changed the certificate or the caBundle")
	}
	shared.mustHelm(t, "rollback", release, "1", "--wait", "--timeout=3m")
	if diff := cmp.Diff(before, shared.trust(t)); diff != "" {
		t.Error("the rollback has changed the certificate or the caBundle")
	}
	testcluster.Eventually(t, "the APIService is Available", func() error { return shared.available(t) })
	shared.requireSample(t)
}
