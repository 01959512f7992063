// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	notAfter = "tenantview.capsule.dev/not-after"
	dnsNames = "tenantview.capsule.dev/dns-names"
)

// served is what the chart gives the server and kube-apiserver.
type served struct {
	secret   *corev1.Secret
	caBundle []byte
}

func servedBy(t *testing.T, all objects) served {
	t.Helper()
	encoded, _, err := unstructured.NestedString(all["APIService/v1alpha1.tenantview.capsule.dev"].Object, "spec", "caBundle")
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return served{as[corev1.Secret](t, all, "Secret/"+name+"-serving"), bundle}
}

// verify returns the error with which kube-apiserver would refuse the certificate of s if it trusts a bundle.
func (s served) verify(t *testing.T, bundle []byte) error {
	t.Helper()
	pair, err := tls.X509KeyPair(s.secret.Data["tls.crt"], s.secret.Data["tls.key"])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(bundle) {
		t.Fatal("the bundle has no certificate")
	}
	_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name + "." + namespace + ".svc"})
	return err
}

// in returns a cluster in which the release has installed the Secret, with some annotations changed.
func (s served) in(annotations map[string]string) cluster {
	object := owned("v1", "Secret", release, namespace)
	data := map[string]any{}
	for key, value := range s.secret.Data {
		data[key] = base64.StdEncoding.EncodeToString(value)
	}
	object.Object["data"] = data
	all := object.GetAnnotations()
	maps.Copy(all, s.secret.Annotations)
	maps.Copy(all, annotations)
	object.SetAnnotations(all)
	return cluster{secretPath: object}
}

// upgrade renders the chart in a cluster that has s, with some annotations changed.
func (s served) upgrade(t *testing.T, annotations map[string]string, values string) served {
	t.Helper()
	all, err := s.in(annotations).renderIn(t, values)
	if err != nil {
		t.Fatal(err)
	}
	return servedBy(t, all)
}

// The server serves with the certificate that kube-apiserver verifies, and the annotation says when it ends.
func TestCertificateOfHelm(t *testing.T) {
	s := servedBy(t, render(t, "certificates: {helm: {validityDays: 100, renewBeforeDays: 10}}"))
	if err := s.verify(t, s.caBundle); err != nil {
		t.Error(err)
	}
	pair, err := tls.X509KeyPair(s.secret.Data["tls.crt"], s.secret.Data["tls.key"])
	if err != nil {
		t.Fatal(err)
	}
	annotated, err := time.Parse(time.RFC3339, s.secret.Annotations[notAfter])
	if err != nil {
		t.Fatal(err)
	}
	// Helm takes the time twice, one time after another.
	if early := pair.Leaf.NotAfter.Sub(annotated).Abs(); early > 2*time.Hour {
		t.Errorf("the certificate ends at %v, the annotation says %v", pair.Leaf.NotAfter, annotated)
	}
	if diff := cmp.Diff([]string{name + "." + namespace + ".svc", name + "." + namespace}, pair.Leaf.DNSNames); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if !bytes.Equal(s.caBundle, s.secret.Data["ca.crt"]) {
		t.Error("Prometheus, which has ca.crt, would trust another CA than kube-apiserver")
	}
	for key := range s.secret.Data {
		if key == "ca.key" {
			t.Error("the key of the CA is kept")
		}
	}
}

// An upgrade that made a new certificate each time would interrupt the service each time.
func TestUpgradeKeepsTheCertificate(t *testing.T) {
	s := servedBy(t, render(t, "{}"))
	after := s.upgrade(t, nil, "replicas: 3")
	if diff := cmp.Diff(s.secret.Data, after.secret.Data); diff != "" {
		t.Error("the certificate is another one")
	}
	if !bytes.Equal(s.caBundle, after.caBundle) {
		t.Error("the CA is another one")
	}
	if diff := cmp.Diff(s.secret.Annotations, after.secret.Annotations); diff != "" {
		t.Errorf("annotations (-before +after):\n%s", diff)
	}
}

// An upgrade near the end makes a new certificate. kube-apiserver trusts both until the next one: the Pods get the
// new one a minute or two later.
func TestCertificateIsRenewedNearItsEnd(t *testing.T) {
	s := servedBy(t, render(t, "{}"))
	in := func(days int) map[string]string {
		return map[string]string{notAfter: time.Now().UTC().AddDate(0, 0, days).Format(time.RFC3339)}
	}
	if kept := s.upgrade(t, in(40), "certificates: {helm: {renewBeforeDays: 30}}"); !bytes.Equal(kept.secret.Data["tls.crt"], s.secret.Data["tls.crt"]) {
		t.Error("renewed 40 days before its end, expected 30")
	}
	second := s.upgrade(t, in(20), "certificates: {helm: {renewBeforeDays: 30}}")
	if bytes.Equal(second.secret.Data["tls.crt"], s.secret.Data["tls.crt"]) {
		t.Fatal("not renewed 20 days before its end, expected 30")
	}
	third := second.upgrade(t, in(-1), "{}")
	for title, c := range map[string]struct {
		certificate, trusted served
		ok                   bool
	}{
		"the new one":                {second, second, true},
		"the previous one":           {s, second, true},
		"the one before the last":    {s, third, false},
		"the one that follows later": {third, second, false},
		"the third one":              {third, third, true},
		"the second one":             {second, third, true},
	} {
		if err := c.certificate.verify(t, c.trusted.caBundle); (err == nil) != c.ok {
			t.Errorf("%s: %v", title, err)
		}
	}
	rest := third.caBundle
	count := 0
	for block, r := pem.Decode(rest); block != nil; block, r = pem.Decode(r) {
		count++
	}
	if count != 2 {
		t.Errorf("the bundle has %d authorities, expected 2: it would grow with each renewal", count)
	}
}

// A Secret that does not fit any more, or was damaged, is replaced.
func TestCertificateIsReplaced(t *testing.T) {
	s := servedBy(t, render(t, "{}"))
	for title, c := range map[string]struct {
		annotations map[string]string
		without     string
	}{
		"other names": {map[string]string{dnsNames: "other.svc"}, ""},
		"no end":      {map[string]string{notAfter: ""}, ""},
		"no key":      {nil, "tls.key"},
		"no CA":       {nil, "ca.crt"},
	} {
		t.Run(title, func(t *testing.T) {
			changed := served{s.secret.DeepCopy(), s.caBundle}
			delete(changed.secret.Data, c.without)
			after := changed.upgrade(t, c.annotations, "{}")
			if bytes.Equal(after.secret.Data["tls.crt"], s.secret.Data["tls.crt"]) {
				t.Error("kept")
			}
			if err := after.verify(t, after.caBundle); err != nil {
				t.Error(err)
			}
		})
	}
}

// The other sources leave the CA to cert-manager, or take the one that is given.
func TestCABundle(t *testing.T) {
	for values, want := range map[string]string{
		"certificates: {source: cert-manager}":                                                   "inject " + namespace + "/" + name + "-cert-manager",
		"certificates: {source: cert-manager, caBundle: " + certificate + "}":                    "bundle",
		"certificates: {source: secret, secret: {name: a}, caBundle: " + certificate + "}":       "bundle",
		"{certificates: {source: secret, secret: {name: a}}, apiService: {annotations: {a: b}}}": "none",
	} {
		t.Run(values, func(t *testing.T) {
			t.Parallel()
			service := render(t, values)["APIService/v1alpha1.tenantview.capsule.dev"]
			got := "none"
			if from := service.GetAnnotations()["cert-manager.io/inject-ca-from"]; from != "" {
				got = "inject " + from
			}
			spec := service.Object["spec"].(map[string]any)
			if spec["caBundle"] != nil {
				got = "bundle"
			}
			if got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if skip := spec["insecureSkipTLSVerify"]; skip != nil {
				t.Error(fmt.Sprint("insecureSkipTLSVerify: ", skip))
			}
		})
	}
}

// Certificates that the old CA has signed stay valid when cert-manager renews the CA with the same key.
func TestRenewedCAKeepsItsKey(t *testing.T) {
	all := render(t, "certificates: {source: cert-manager}")
	for certificate, want := range map[string]string{name + "-ca": "Never", name + "-cert-manager": "Always"} {
		if got, _, _ := unstructured.NestedString(all["Certificate/"+certificate].Object, "spec", "privateKey", "rotationPolicy"); got != want {
			t.Errorf("%s: %q, want %q", certificate, got, want)
		}
	}
}
