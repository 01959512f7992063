// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package check

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// reply is an answer of the fake kube-apiserver.
type reply struct {
	code int
	body string
}

// condition is an APIService with this condition Available.
func condition(status, reason, message string) reply {
	return reply{200, fmt.Sprintf(`{"kind": "APIService", "spec": {"caBundle": %q, "service": {"namespace": "system", "name": "server"}},
		"status": {"conditions": [{"type": "Available", "status": %q, "reason": %q, "message": %q}]}}`, bundle, status, reason, message)}
}

// status is an error in the form of the API.
func status(code int, reason, message string) reply {
	return reply{code, fmt.Sprintf(`{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": %d, "reason": %q, "message": %q}`, code, reason, message)}
}

var (
	available = condition("True", "Passed", "all checks passed")
	served    = reply{200, `{"kind": "TenantNamespaceList", "metadata": {}, "items": [{"metadata": {"name": "solar-web"}}, {"metadata": {"name": "solar-db"}}]}`}
	away      = reply{503, "service unavailable\n"}
)

// bundle is the CA in the caBundle.
var bundle = newCA()

func newCA() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "some CA"},
		NotAfter: time.Date(2031, 5, 6, 0, 0, 0, 0, time.UTC), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// run runs the command against a kube-apiserver that gives these answers.
func run(t *testing.T, answers func(path string) reply, args ...string) (output string, err error) {
	t.Helper()
	return runUntil(context.Background(), t, answers, args...)
}

// runUntil is run, but an interrupt comes when ctx ends.
func runUntil(ctx context.Context, t *testing.T, answers func(path string) reply, args ...string) (output string, err error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := answers(r.URL.Path)
		w.Header().Set("Content-Type", "application/json")
		if !strings.HasPrefix(answer.body, "{") {
			w.Header().Set("Content-Type", "text/plain")
		}
		if answer.code == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
		w.WriteHeader(answer.code)
		fmt.Fprint(w, answer.body)
	}))
	defer server.Close()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	content := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "c", "clusters": [{"name": "c", "cluster": {"server": %q}}],
		"contexts": [{"name": "c", "context": {"cluster": "c"}}]}`, server.URL)
	if err := os.WriteFile(kubeconfig, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := NewCommand()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(append([]string{"--kubeconfig=" + kubeconfig}, args...))
	err = cmd.ExecuteContext(ctx)
	return out.String(), err
}

func fixed(service, list reply) func(string) reply {
	return func(path string) reply {
		switch path {
		case apiServicePath:
			return service
		case listPath:
			return list
		}
		return reply{400, "unexpected question: " + path}
	}
}

func TestInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		list reply
		want string
	}{
		"some":  {served, "the caller sees 2\n"},
		"none":  {reply{200, `{"kind": "TenantNamespaceList", "metadata": {}, "items": []}`}, "the caller sees 0\n"},
		"pages": {reply{200, `{"metadata": {"continue": "x"}, "items": [{"metadata": {"name": "a"}}]}`}, "the caller sees at least 1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			output, err := run(t, fixed(available, c.list))
			if err != nil {
				t.Errorf("error %v", err)
			}
			want := "ok    APIService v1alpha1.tenantview.capsule.dev: Available\nok    list of tenantnamespaces: served, " + c.want
			if diff := cmp.Diff(want, output); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

// Each message is one that kube-apiserver gives, with the words in the hint that lead to the mend.
func TestUsualCauses(t *testing.T) {
	discovery := func(message string) reply {
		return condition("False", "FailedDiscoveryCheck", "failing or missing response from https://10.96.4.2:443/apis/tenantview.capsule.dev/v1alpha1: "+
			`Get "https://10.96.4.2:443/apis/tenantview.capsule.dev/v1alpha1": `+message)
	}
	for name, c := range map[string]struct {
		service reply
		want    []string
	}{
		"expired":      {discovery("tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2027-01-01T00:00:00Z is after 2026-12-31T00:00:00Z"), []string{"Renew it", "helm upgrade"}},
		"unknown CA":   {discovery("tls: failed to verify certificate: x509: certificate signed by unknown authority"), []string{"caBundle", `it holds "CN=some CA" until 2031-05-06`, "cert-manager.io/inject-ca-from"}},
		"wrong name":   {discovery("tls: failed to verify certificate: x509: certificate is valid for a.b.svc, not server.system.svc"), []string{"It must be valid for server.system.svc."}},
		"no Service":   {condition("False", "ServiceNotFound", `service/server in "system" is not present`), []string{"The Service server.system is missing", "keeps namespaces from being deleted"}},
		"wrong port":   {condition("False", "ServicePortError", `service/server in "system" is not listening on port 443`), []string{"has another port"}},
		"no Pod":       {condition("False", "MissingEndpoints", `endpointslices for service/server in "system" have no addresses with port name "https"`), []string{"No Pod behind the Service server.system is ready"}},
		"no slices":    {condition("False", "EndpointsNotFound", `cannot find endpointslices for service/server in "system"`), []string{"No Pod behind the Service server.system is ready"}},
		"time-out":     {discovery("context deadline exceeded (Client.Timeout exceeded while awaiting headers)"), []string{"NetworkPolicy", "firewall"}},
		"dial":         {discovery("dial tcp 10.96.4.2:443: i/o timeout"), []string{"NetworkPolicy", "firewall"}},
		"no agent":     {discovery("No agent available"), []string{"cannot reach the Pods of the Service server.system.", "firewall"}},
		"on EKS":       {discovery("Address is not allowed"), []string{"cannot reach the Pods of the Service server.system.", "host network"}},
		"no answer":    {condition("False", "FailedDiscoveryCheck", "timed out waiting for https://10.96.4.2:443/apis/tenantview.capsule.dev/v1alpha1"), []string{"NetworkPolicy", "firewall"}},
		"refused":      {discovery("dial tcp 10.96.4.2:443: connect: connection refused"), []string{"targetPort"}},
		"front proxy":  {condition("False", "FailedDiscoveryCheck", "failing or missing response from https://10.96.4.2:443: bad status from https://10.96.4.2:443: 403"), []string{"extension-apiserver-authentication-reader", "--requestheader-"}},
		"no name":      {discovery("dial tcp: lookup server.system.svc: no such host"), []string{"cannot resolve", "server.system"}},
		"not checked":  {reply{200, `{"spec": {}, "status": {}}`}, []string{"has not checked it yet", "--wait"}},
		"absent":       {status(404, "NotFound", `apiservices "v1alpha1.tenantview.capsule.dev" not found`), []string{"not installed", "helm upgrade --install"}},
		"no right":     {status(403, "Forbidden", `apiservices is forbidden: User "a" cannot get`), []string{"administrator's kubeconfig"}},
		"no identity":  {status(401, "Unauthorized", "Unauthorized"), []string{"Check the kubeconfig"}},
		"no JSON":      {reply{200, "{"}, []string{"unexpected end of JSON"}},
		"new messages": {condition("False", "Sunspots", "the moon"), []string{"not Available: Sunspots: the moon"}},
	} {
		t.Run(name, func(t *testing.T) {
			output, err := run(t, fixed(c.service, away))
			if err == nil || !strings.Contains(err.Error(), "APIService v1alpha1.tenantview.capsule.dev, list of tenantnamespaces") {
				t.Errorf("error %v", err)
			}
			if !strings.HasPrefix(output, "FAIL  APIService v1alpha1.tenantview.capsule.dev: ") {
				t.Errorf("output:\n%s", output)
			}
			for _, want := range c.want {
				if !strings.Contains(output, want) {
					t.Errorf("%q is not in the output:\n%s", want, output)
				}
			}
			if strings.Contains(output, "%!") || strings.Contains(output, "%[") {
				t.Errorf("a verb is left in the output:\n%s", output)
			}
		})
	}
}

func TestListFails(t *testing.T) {
	for name, c := range map[string]struct {
		list reply
		want string
	}{
		"no right":    {status(403, "Forbidden", `tenantnamespaces.tenantview.capsule.dev is forbidden: User "a" cannot list`), "ClusterRole tenantview-viewer"},
		"absent":      {reply{404, "404 page not found"}, "does not serve the group"},
		"front proxy": {status(401, "Unauthorized", "Unauthorized"), "extension-apiserver-authentication-reader"},
		"not ready":   {status(503, "ServiceUnavailable", "the server has not read all objects yet"), "the server has not read all objects yet"},
		"on the way":  {reply{503, "error trying to reach service: tls: failed to verify certificate: x509: certificate signed by unknown authority"}, `it holds "CN=some CA" until 2031-05-06`},
		"wrong name":  {reply{503, "error trying to reach service: tls: failed to verify certificate: x509: certificate is valid for a, not b"}, "It must be valid for server.system.svc."},
		"no Pod":      {reply{503, "no endpoints available for service"}, "No Pod behind the Service server.system is ready."},
	} {
		t.Run(name, func(t *testing.T) {
			output, err := run(t, fixed(available, c.list))
			if err == nil || err.Error() != "not in order: list of tenantnamespaces" {
				t.Errorf("error %v", err)
			}
			if !strings.Contains(output, "FAIL  list of tenantnamespaces: ") || !strings.Contains(output, c.want) {
				t.Errorf("%q is not in the output:\n%s", c.want, output)
			}
		})
	}
}

// The same cause needs the same advice only once.
func TestHintsAreGivenOnce(t *testing.T) {
	const message = "dial tcp 10.96.4.2:443: i/o timeout"
	output, err := run(t, fixed(condition("False", "FailedDiscoveryCheck", message), reply{503, "error trying to reach service: " + message}))
	if err == nil || strings.Count(output, "NetworkPolicy") != 1 {
		t.Errorf("error %v, output:\n%s", err, output)
	}
}

// A caller without the right to get the APIService gets whole sentences, too.
func TestHintsWithoutAPIService(t *testing.T) {
	forbidden := status(403, "Forbidden", `apiservices is forbidden: User "a" cannot get`)
	for message, want := range map[string]string{
		"x509: certificate is valid for a, not b":             "It must be valid for NAME.NAMESPACE.svc, those of the Service of the APIService.\n",
		"x509: certificate signed by unknown authority":       "The caBundle of the APIService is not the CA of the serving certificate. Repeat",
		"no endpoints available for service \"server\"":       "No Pod behind the Service of the APIService is ready.",
		"dial tcp 10.96.4.2:443: connect: connection refused": "to the Pods of the Service of the APIService: ",
	} {
		if output, _ := run(t, fixed(forbidden, reply{503, "error trying to reach service: " + message})); !strings.Contains(output, want) {
			t.Errorf("%q is not in the output:\n%s", want, output)
		}
	}
}

// An interrupt ends the command at once. It does not look like an answer of kube-apiserver.
func TestInterrupt(t *testing.T) {
	for _, args := range [][]string{nil, {"--wait=1h"}} {
		ctx, interrupt := context.WithCancel(t.Context())
		output, err := runUntil(ctx, t, func(path string) reply {
			interrupt() // the answers would be fine, but nobody waits for them
			return fixed(available, served)(path)
		}, args...)
		if !errors.Is(err, errInterrupted) || output != "" {
			t.Errorf("%v: error %v, output:\n%s", args, err, output)
		}
	}
}

// A release is checked right after it was installed: the server may still be starting.
func TestWait(t *testing.T) {
	asked := 0
	output, err := run(t, func(path string) reply {
		if path == apiServicePath {
			asked++
		}
		if asked < 2 {
			return fixed(condition("False", "MissingEndpoints", "none"), away)(path)
		}
		return fixed(available, served)(path)
	}, "--wait=1m")
	if err != nil || asked != 2 || strings.Contains(output, "FAIL") {
		t.Errorf("asked %d times, error %v, output:\n%s", asked, err, output)
	}
	// Without it, one answer is enough.
	asked = 0
	if _, err := run(t, func(path string) reply {
		asked++
		return fixed(available, away)(path)
	}); err == nil || asked != 2 {
		t.Errorf("asked %d times, error %v", asked, err)
	}
}

func TestWrongUse(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no kubeconfig": {[]string{"--kubeconfig=/nowhere/kubeconfig"}, "--kubeconfig: stat /nowhere/kubeconfig: no such file"},
		"negative":      {[]string{"--wait=-1s"}, "--wait: must not be negative"},
		"no duration":   {[]string{"--wait=long"}, `"long"`},
		"an argument":   {[]string{"now"}, `"now"`},
	} {
		t.Run(name, func(t *testing.T) {
			output, err := run(t, fixed(available, served), c.args...)
			if err == nil || !strings.Contains(err.Error(), c.want) || output != "" {
				t.Errorf("error %v, output %q", err, output)
			}
		})
	}
}
