// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

var capsuleCRDs = []string{
	"tenants.capsule.clastix.io", "proxysettings.capsule.clastix.io",
	"globalproxysettings.capsule.clastix.io", "capsuleconfigurations.capsule.clastix.io",
}

// Capsule may be removed and installed while the server runs. Without its kinds, there are no grants, and
// everything else works. When they are back, so are their grants. The server never restarts, and is always
// ready.
func TestCapsuleComesAndGoes(t *testing.T) {
	arrange(t, solarAndWind)
	requireOfSolar(t)
	process := serverProcess(t)
	t.Cleanup(func() {
		if err := shared.Install(context.Background()); err != nil {
			t.Error(err)
		}
	})
	crds := shared.Client("CustomResourceDefinition", "")
	for _, crd := range capsuleCRDs {
		if err := crds.Delete(t.Context(), crd, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	testcluster.Eventually(t, "the kinds are gone", func() error {
		for _, crd := range capsuleCRDs {
			if _, err := crds.Get(t.Context(), crd, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
				return fmt.Errorf("%s is still there: %w", crd, err)
			}
		}
		return nil
	})
	absent := func(want float64) error {
		for name, value := range shared.Metrics(t) {
			source := strings.TrimSuffix(strings.TrimPrefix(name, `tenantview_source_absent{source="`), `"}`)
			if slices.Contains(capsuleCRDs, source+".capsule.clastix.io") && value != want {
				return fmt.Errorf("%s is %v", name, value)
			}
		}
		return nil
	}
	testcluster.Eventually(t, "the server knows that they are gone", func() error { return absent(1) })
	for _, k := range kinds {
		if list := testcluster.Get(t, shared.As(t, "alice"), k.Path()).List(t); len(list.Items) > 0 {
			t.Errorf("without Capsule, alice sees %v", testcluster.Names(list))
		}
		if list := testcluster.Get(t, shared.Admin, k.Path()).List(t); len(list.Items) == 0 {
			t.Errorf("without Capsule, an administrator sees no %s", k.Resource())
		}
	}
	testcluster.Get(t, shared.DirectConfig(shared.Admin), "/readyz").Expect(t, 200)

	if err := shared.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	testcluster.Eventually(t, "the server knows that they are back", func() error { return absent(0) })
	shared.Update(t, solarAndWind)
	settle(t)
	requireOfSolar(t)
	if serverProcess(t) != process {
		t.Error("the server is another process")
	}
}

// serverProcess identifies the process of the control plane's server.
func serverProcess(t *testing.T) float64 {
	t.Helper()
	return shared.Metrics(t)["process_start_time_seconds"]
}

// startComponents starts components that a test has stopped.
func startComponents(t *testing.T, components ...controlplane.Component) {
	t.Helper()
	for _, c := range components {
		if _, err := shared.StartComponent(context.WithoutCancel(t.Context()), c); err != nil {
			t.Error(err)
		}
	}
}

// A server that starts before kube-apiserver is live and waits for it. /readyz says what it waits for, it
// admits no user, and it becomes ready by itself.
func TestStartBeforeKubeAPIServer(t *testing.T) {
	arrange(t, solarAndWind)
	account := shared.ServerAccount(t)
	alice := shared.As(t, "alice")
	t.Cleanup(func() { startComponents(t, controlplane.APIServer, controlplane.ControllerManager) })
	if err := shared.KillComponent(t.Context(), controlplane.APIServer); err != nil {
		t.Fatal(err)
	}
	s := shared.Serve(t, account, nil)
	failed, err := s.FailedChecks(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds {
		if !slices.Contains(failed, "source-"+k.Upstream.Resource) {
			t.Errorf("not among the failed checks: %s", k.Upstream.Resource)
		}
	}
	if !slices.Contains(failed, "source-tenants") || !slices.Contains(failed, "authentication") {
		t.Errorf("failed checks: %v", failed)
	}
	if a, err := s.TryGet(t, alice, "/livez"); err != nil || a.Code != 200 {
		t.Errorf("livez: %d %s (%v)", a.Code, a.Body, err)
	}
	if a, err := s.TryGet(t, alice, kindOf("namespaces").Path()); err != nil || a.Code == 200 {
		t.Errorf("before it has read anything, the server responds with %d: %s (%v)", a.Code, a.Body, err)
	}
	startComponents(t, controlplane.APIServer, controlplane.ControllerManager)
	s.WaitReady(t)
	a, err := s.TryGet(t, alice, kindOf("namespaces").Path())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ofSolar["namespaces"], testcluster.Names(a.List(t))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := shared.WaitAPIServiceAvailable(t.Context()); err != nil {
		t.Error(err)
	}
}

// When kube-apiserver goes away, the server continues to serve what it knows to users that it can
// authenticate by itself. It stays ready, and its metrics show that it is behind. It recovers by itself.
func TestKubeAPIServerGoesAway(t *testing.T) {
	arrange(t, solarAndWind)
	// The server authorizes members of system:masters without asking kube-apiserver. It caches decisions about
	// permissions on the upstream kinds for ten seconds, but no other test has made it ask about this user.
	direct := shared.DirectConfig(shared.As(t, "e2e-away", "system:masters"))
	seen := func(resource string) []string {
		t.Helper()
		return testcluster.Names(testcluster.Get(t, direct, kindOf(resource).Path()).List(t))
	}
	before := make(map[string][]string)
	for _, k := range kinds {
		before[k.Upstream.Resource] = seen(k.Upstream.Resource)
	}
	process := serverProcess(t)
	t.Cleanup(func() { startComponents(t, controlplane.APIServer, controlplane.ControllerManager) })
	if err := shared.KillComponent(t.Context(), controlplane.APIServer); err != nil {
		t.Fatal(err)
	}
	const lag = `tenantview_source_lag_seconds{source=%q}`
	testcluster.Eventually(t, "the metrics say that the sources lag", func() error {
		m := shared.Metrics(t)
		for _, source := range []string{"namespaces", "tenants", "clusterroles"} {
			if m[fmt.Sprintf(lag, source)] <= 0 {
				return missing("lag of " + source)
			}
		}
		return nil
	})
	for _, k := range kinds {
		if diff := cmp.Diff(before[k.Upstream.Resource], seen(k.Upstream.Resource)); diff != "" {
			t.Errorf("%s (-before +without kube-apiserver):\n%s", k.Resource(), diff)
		}
	}
	testcluster.Get(t, direct, "/readyz").Expect(t, 200)
	testcluster.Get(t, direct, "/livez").Expect(t, 200)

	startComponents(t, controlplane.APIServer, controlplane.ControllerManager)
	if err := shared.WaitAPIServiceAvailable(t.Context()); err != nil {
		t.Fatal(err)
	}
	shared.Create(t, `
apiVersion: v1
kind: Namespace
metadata: {name: solar-c, ownerReferences: [{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, name: solar, uid: "uid-of-tenant:solar"}]}
`)
	settle(t)
	if diff := cmp.Diff([]string{"solar-a", "solar-b", "solar-c"}, testcluster.Names(testcluster.Get(t, shared.As(t, "alice"), kindOf("namespaces").Path()).List(t))); diff != "" {
		t.Errorf("afterwards (-want +got):\n%s", diff)
	}
	testcluster.Eventually(t, "nothing lags", func() error {
		for name, value := range shared.Metrics(t) {
			if strings.HasPrefix(name, "tenantview_source_lag_seconds{") && value > 0 {
				return fmt.Errorf("%s is %v", name, value)
			}
		}
		return nil
	})
	if serverProcess(t) != process {
		t.Error("the server is another process")
	}
}

// A server that was killed comes back with the same view: it has no state to lose.
func TestServerIsKilled(t *testing.T) {
	shared.restoreServer(t)
	arrange(t, solarAndWind)
	if err := shared.KillComponent(t.Context(), controlplane.Server); err != nil {
		t.Fatal(err)
	}
	if a := testcluster.Get(t, shared.As(t, "alice"), kindOf("namespaces").Path()); a.Code != 503 {
		t.Errorf("without a server kube-apiserver answers %d: %s", a.Code, a.Body)
	}
	if _, err := shared.StartServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	requireOfSolar(t)
}

// On SIGTERM, the server first reports that it is not ready, still responds to requests, and then ends
// gracefully.
func TestServerIsTerminated(t *testing.T) {
	arrange(t, solarAndWind)
	s := shared.Serve(t, shared.ServerAccount(t), nil, "--shutdown-delay-duration=3s")
	s.WaitReady(t)
	if err := s.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	testcluster.Eventually(t, "the server says that it is ending", func() error {
		failed, err := s.FailedChecks(t)
		if err == nil && !slices.Contains(failed, "shutdown") {
			err = fmt.Errorf("failed checks: %v", failed)
		}
		return err
	})
	a, err := s.TryGet(t, shared.As(t, "alice"), kindOf("namespaces").Path())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ofSolar["namespaces"], testcluster.Names(a.List(t))); diff != "" {
		t.Errorf("while it ends (-want +got):\n%s", diff)
	}
	if code := s.WaitEnded(t); code != 0 {
		t.Errorf("exit code %d:\n%s", code, s.Output.String())
	}
}

// Wrong flags end the start with one line that names the flag and the reason.
func TestWrongFlags(t *testing.T) {
	garbage := filepath.Join(t.TempDir(), "garbage")
	if err := os.WriteFile(garbage, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	kubeconfig := "--kubeconfig=" + filepath.Join(shared.Dir, controlplane.ServerName+".kubeconfig")
	for name, tc := range map[string]struct {
		flags []string
		// want are parts of the line.
		want []string
	}{
		"a value that there is not":       {[]string{kubeconfig, "--owner-grants=Some"}, []string{"--owner-grants", "ProxySettings, Implicit"}},
		"a profile that there is not":     {[]string{kubeconfig, "--profile=mine"}, []string{"--profile", "capsule-proxy"}},
		"a flag that there is not":        {[]string{kubeconfig, "--color=red"}, []string{"--color"}},
		"an argument":                     {[]string{kubeconfig, "now"}, []string{`"now"`}},
		"no kubeconfig":                   {nil, []string{"--kubeconfig"}},
		"a kubeconfig that is missing":    {[]string{"--kubeconfig=/does/not/exist"}, []string{"--kubeconfig", "no such file"}},
		"a kubeconfig that is none":       {[]string{"--kubeconfig=" + garbage}, []string{"--kubeconfig"}},
		"a certificate that is missing":   {[]string{kubeconfig, "--tls-cert-file=/does/not/exist", "--tls-private-key-file=" + garbage}, []string{"--tls-cert-file", "no such file"}},
		"a certificate that is none":      {[]string{kubeconfig, "--tls-cert-file=" + garbage, "--tls-private-key-file=" + garbage}, []string{"--tls-cert-file"}},
		"a certificate without a key":     {[]string{kubeconfig, "--tls-cert-file=" + filepath.Join(shared.Dir, "pki", "tenantview.crt")}, []string{"--tls-private-key-file"}},
		"a port that there is not":        {[]string{kubeconfig, "--secure-port=70000"}, []string{"--secure-port"}},
		"a port that is taken":            {[]string{kubeconfig, "--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", shared.Ports().Server)}, []string{"--secure-port", "address already in use"}},
		"a duration that is negative":     {[]string{kubeconfig, "--shutdown-delay-duration=-1s"}, []string{"--shutdown-delay-duration"}},
		"an audit policy that is missing": {[]string{kubeconfig, "--audit-policy-file=/does/not/exist"}, []string{"--audit-policy-file", "no such file"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shared.Spawn(t, nil, tc.flags...)
			code := s.WaitEnded(t)
			// A server that starts to listen first logs what it does.
			var said []string
			for line := range strings.Lines(s.Output.String()) {
				if strings.HasPrefix(line, controlplane.ServerName+": ") {
					said = append(said, strings.TrimSpace(line))
				} else if !logLine.MatchString(line) {
					t.Errorf("neither the error nor a line of the log: %s", line)
				}
			}
			if code == 0 || len(said) != 1 {
				t.Fatalf("exit code %d, not one line:\n%s", code, s.Output.String())
			}
			for _, part := range tc.want {
				if !strings.Contains(said[0], part) {
					t.Errorf("no %q in: %s", part, said[0])
				}
			}
		})
	}
}

var logLine = regexp.MustCompile(`^[IWE]\d{4} `)

// The server uses a new serving certificate on disk for new connections without a restart.
func TestServingCertificateIsRenewed(t *testing.T) {
	process := serverProcess(t)
	serial := func() string {
		connection, err := tls.Dial("tcp", controlplane.Address(shared.Ports().Server), &tls.Config{InsecureSkipVerify: true}) // Only the serial number matters.
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		return connection.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	before := serial()
	if err := shared.RenewServerCertificate(); err != nil {
		t.Fatal(err)
	}
	testcluster.Eventually(t, "the server has the new certificate", func() error {
		if serial() == before {
			return missing("new certificate")
		}
		return nil
	})
	testcluster.Get(t, shared.DirectConfig(shared.As(t, "alice")), kindOf("namespaces").Path()).Expect(t, 200)
	testcluster.Get(t, shared.As(t, "alice"), kindOf("namespaces").Path()).Expect(t, 200)
	if serverProcess(t) != process {
		t.Error("the server is another process")
	}
}
