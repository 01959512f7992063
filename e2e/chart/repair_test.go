// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// The command of the documentation, with what is added to it.
func again(args ...string) []string {
	return append([]string{"upgrade", "--install", release, shared.chart, "--create-namespace", "--wait", "--timeout=3m"}, args...)
}

// available returns nil if the APIService is Available.
func (c *cluster) available(t *testing.T) error {
	t.Helper()
	conditions, _, err := unstructured.NestedSlice(c.apiService(t).Object, "status", "conditions")
	if err != nil {
		return err
	}
	for _, o := range conditions {
		if condition := o.(map[string]any); condition["type"] == "Available" && condition["status"] != "True" {
			return errors.New(condition["message"].(string))
		} else if condition["type"] == "Available" {
			return nil
		}
	}
	return errors.New("no condition yet")
}

// A wrong value fails before anything is created, in words that name it, and leaves the namespace for the
// right one.
func TestInstallWithWrongValue(t *testing.T) {
	shared.tidy(t)
	for value, want := range map[string][]string{
		"policy.unsetClasses=Some":       {"unsetClasses", "None"},
		"policy.unsetClases=None":        {"unsetClases"},
		"replicas=-1":                    {"replicas"},
		"certificates.source=vault":      {"certificates", "source", "cert-manager"},
		"certificates.source=secret":     {"certificates.secret.name"},
		"nativeRBACReviewInterval=1ms":   {"nativeRBACReviewInterval"},
		"extraArgs={--profile=x}":        {"extraArgs", "policy.profile"},
		"podDisruptionBudget.enabled=on": {"podDisruptionBudget"},
	} {
		t.Run(value, func(t *testing.T) {
			_, stderr, err := shared.helm(t.Context(), again(set(value)...)...)
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range want {
				if !strings.Contains(stderr, w) {
					t.Errorf("%q is not in the error:\n%s", w, stderr)
				}
			}
			if _, err := shared.Client("APIService", "").Get(t.Context(), "v1alpha1.tenantview.capsule.dev", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
				t.Errorf("there is an APIService: %v", err)
			}
		})
	}
	shared.mustHelm(t, again()...)
	shared.requireSample(t)
}

// The API refuses one of the objects, after others have been created.
func TestInstallRefusedHalfWay(t *testing.T) {
	shared.tidy(t)
	// Somebody else's object of the same name.
	shared.Create(t, `{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: tenantview-viewer}, rules: []}`)
	_, stderr, err := shared.helm(t.Context(), again()...)
	if err == nil || !strings.Contains(stderr, "tenantview-viewer") {
		t.Errorf("helm said %s (%v)", stderr, err)
	}
	shared.Remove(t, "ClusterRole", "", "tenantview-viewer")
	shared.mustHelm(t, again()...)
	shared.requireSample(t)
}

// The server does not start, so that the installation fails at its end. The command with better values repairs it.
// Without any value, Helm would take the last ones again.
func TestInstallThatDoesNotStart(t *testing.T) {
	shared.tidy(t)
	_, stderr, err := shared.helm(t.Context(), again("--timeout=5s", "--set", "extraArgs={--no-such-flag}")...)
	if err == nil || !strings.Contains(stderr, "not ready") {
		t.Errorf("helm said %q (%v)", stderr, err)
	}
	if status, _ := shared.statusOf(t); status != "failed" {
		t.Errorf("the release is %s", status)
	}
	shared.mustHelm(t, again("--reset-values")...)
	shared.requireSample(t)
}

// helm is interrupted while it waits. Repeating the command repairs the release. If helm had no time to say goodbye,
// it believes that the operation goes on, until its record is deleted.
func TestInterrupted(t *testing.T) {
	shared.tidy(t)
	for _, c := range []struct {
		name    string
		signal  os.Signal
		values  []string
		pending string
	}{
		{"install, by the user", os.Interrupt, nil, ""},
		{"install, killed", syscall.SIGKILL, nil, "pending-install"},
		{"upgrade, killed", syscall.SIGKILL, set("policy.unsetClasses=None"), "pending-upgrade"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.values == nil {
				shared.mustHelm(t, "uninstall", release, "--ignore-not-found", "--wait", "--timeout=3m")
			}
			shared.interrupt(t, c.signal, again(c.values...)...)
			status, _ := shared.statusOf(t)
			if c.pending == "" && status != "failed" || c.pending != "" && status != c.pending {
				t.Errorf("the release is %s", status)
			}
			if c.pending != "" {
				if _, stderr, err := shared.helm(t.Context(), again(c.values...)...); err == nil || !strings.Contains(stderr, "another operation") {
					t.Errorf("helm said %q (%v)", stderr, err)
				}
				// kubectl delete secret -l ... in the documentation.
				pending := metav1.ListOptions{LabelSelector: "owner=helm,name=" + release + ",status in (pending-install,pending-upgrade,pending-rollback)"}
				if err := shared.Core.CoreV1().Secrets(namespace).DeleteCollection(t.Context(), metav1.DeleteOptions{}, pending); err != nil {
					t.Fatal(err)
				}
			}
			shared.mustHelm(t, again(c.values...)...)
			if status, _ := shared.statusOf(t); status != "deployed" {
				t.Errorf("the release is %s", status)
			}
			shared.requireSample(t)
		})
	}
}

// interrupt runs helm and sends it a signal when it has changed the Deployment, and waits for its Pods.
func (c *cluster) interrupt(t *testing.T, signal os.Signal, args ...string) {
	t.Helper()
	generation := func() int64 {
		d, err := c.Core.AppsV1().Deployments(namespace).Get(t.Context(), controlplane.ServerName, metav1.GetOptions{})
		if err != nil {
			return 0
		}
		return d.Generation
	}
	before := generation()
	cmd, output := c.command(t.Context(), args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	testcluster.Eventually(t, "helm has changed the Deployment", func() error {
		if generation() == before {
			return errors.New("it has not")
		}
		return nil
	})
	if err := cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatalf("helm was faster: %s", output)
	}
}
