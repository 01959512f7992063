// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// check runs "tenantview-apiserver check" and returns what it says, and whether all is in order.
func (c *cluster) check(t *testing.T, config *rest.Config, flags ...string) (string, bool) {
	t.Helper()
	args := append([]string{"check", "--kubeconfig=" + c.Kubeconfig(t, config)}, flags...)
	out, err := exec.CommandContext(t.Context(), filepath.Join(c.Bin, controlplane.ServerName), args...).CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out), err == nil
}

// requireCause waits until check says something like this.
func (c *cluster) requireCause(t *testing.T, want ...string) {
	t.Helper()
	// Pods that come and go make kube-apiserver look.
	testcluster.Eventually(t, "check says "+want[0], func() error {
		out, ok := c.check(t, c.Admin)
		for _, w := range want {
			if ok || !strings.Contains(out, w) {
				return fmt.Errorf("%q is not in:\n%s", w, out)
			}
		}
		return nil
	})
}

// nudge returns a function that makes kube-apiserver look again, but not so often that its looks, which may take many
// seconds, collide with the change. By itself it looks less and less often at an APIService that stays as it is.
func (c *cluster) nudge(t *testing.T) func() error {
	t.Helper()
	var last time.Time
	return func() error {
		if time.Since(last) < 5*time.Second {
			return nil
		}
		last = time.Now()
		return c.TryPatch(t.Context(), "APIService", "", controlplane.APIServiceName,
			fmt.Sprintf("metadata: {annotations: {e2e.example.com/asked: %q}}", last.Format(time.RFC3339Nano)))
	}
}

// What goes wrong in practice is done to a real installation, and check leads from what kube-apiserver says of it to
// the mend.
func TestCheckLeadsToTheCause(t *testing.T) {
	ca := newAuthority(t, "the administrator's CA")
	file := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(file, []byte(ca.pem), 0o600); err != nil {
		t.Fatal(err)
	}
	secret := func(t *testing.T, data map[string][]byte) {
		t.Helper()
		if err := shared.putSecret(t.Context(), "given", data); err != nil {
			t.Fatal(err)
		}
	}
	good := ca.issue(t, time.Now().Add(time.Hour), serverName)
	secret(t, good)
	// Only a group of Capsule's may ask, so that the test Pod needs the right that it has of its own.
	shared.install(t, "--set", "certificates.source=secret,certificates.secret.name=given,users.groups={capsule.clastix.io}",
		"--set-file", "certificates.caBundle="+file)
	inOrder := func(t *testing.T) {
		t.Helper()
		nudge := shared.nudge(t)
		testcluster.Eventually(t, "all is in order", func() error {
			if err := nudge(); err != nil {
				return err
			}
			out, ok := shared.check(t, shared.Admin)
			if !ok {
				return errors.New(out)
			}
			return nil
		})
	}
	inOrder(t)
	shared.mustHelm(t, "test", release, "--timeout=2m")

	for _, c := range []struct {
		name     string
		do, undo func(*testing.T)
		want     []string
		log      string // of the server
	}{
		{
			"another CA",
			func(t *testing.T) {
				other := base64.StdEncoding.EncodeToString([]byte(newAuthority(t, "another CA").pem))
				shared.Patch(t, "APIService", "", controlplane.APIServiceName, "spec: {caBundle: "+other+"}")
			},
			func(t *testing.T) {
				same := base64.StdEncoding.EncodeToString([]byte(ca.pem))
				shared.Patch(t, "APIService", "", controlplane.APIServiceName, "spec: {caBundle: "+same+"}")
			},
			[]string{"certificate signed by unknown authority", "The caBundle of the APIService is not the CA", `"CN=another CA"`}, "",
		},
		{
			"expired",
			func(t *testing.T) { secret(t, ca.issue(t, time.Now().Add(-time.Hour), serverName)) },
			func(t *testing.T) { secret(t, good) },
			[]string{"certificate has expired", "Renew it"}, "The serving certificate has expired",
		},
		{
			"another name",
			func(t *testing.T) { secret(t, ca.issue(t, time.Now().Add(time.Hour), "tenantview.example.com")) },
			func(t *testing.T) { secret(t, good) },
			[]string{"certificate is valid for tenantview.example.com", "It must be valid for " + serverName}, "Issue the certificate for the DNS name " + serverName,
		},
		{
			"no way",
			func(*testing.T) { shared.proxy.Silence(true) },
			func(*testing.T) { shared.proxy.Silence(false) },
			[]string{"NetworkPolicy", "firewall"}, "",
		},
		{
			"no Pod",
			func(t *testing.T) { shared.scale(t, 0) },
			func(t *testing.T) { shared.scale(t, 2) },
			[]string{"MissingEndpoints", "No Pod behind the Service"}, "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				c.undo(t)
				inOrder(t)
			}()
			c.do(t)
			// Connections that are open stay in use.
			if c.name != "no Pod" {
				shared.replacePods(t)
			}
			shared.requireCause(t, c.want...)
			if log := shared.nodes.Outputs(controlplane.ServerName); !strings.Contains(log, c.log) {
				t.Errorf("%q is not in the log of the server:\n%s", c.log, log)
			}
		})
	}
	t.Run("no right", func(t *testing.T) {
		out, ok := shared.check(t, shared.As(t, "mallory"))
		if ok || !strings.Contains(out, "administrator's kubeconfig") || !strings.Contains(out, "ClusterRole tenantview-viewer") {
			t.Errorf("check said:\n%s", out)
		}
	})
}

// scale sets the number of replicas.
func (c *cluster) scale(t *testing.T, replicas int) {
	t.Helper()
	patch := []byte(fmt.Sprintf(`{"spec":{"replicas":%d}}`, replicas))
	a, err := testcluster.Send(t.Context(), c.Admin, "PATCH", "/apis/apps/v1/namespaces/"+namespace+"/deployments/"+controlplane.ServerName+"/scale",
		patch, "Content-Type", "application/merge-patch+json")
	if err != nil {
		t.Fatal(err)
	}
	a.Expect(t, 200)
}

// replacePods kills the Pods, and with them all connections.
func (c *cluster) replacePods(t *testing.T) {
	t.Helper()
	zero := int64(0)
	for _, p := range c.pods(t) {
		if err := c.Core.CoreV1().Pods(namespace).Delete(t.Context(), p.Name, metav1.DeleteOptions{GracePeriodSeconds: &zero}); err != nil {
			t.Fatal(err)
		}
	}
}
