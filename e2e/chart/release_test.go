// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// The names that the documentation uses.
const (
	release   = "tenantview"
	namespace = controlplane.ServerNamespace
)

// command returns a run of helm as an administrator, with nothing of the home folder, and where its output will be.
func (c *cluster) command(ctx context.Context, args ...string) (cmd *exec.Cmd, output *outputs) {
	cmd = exec.CommandContext(ctx, c.helmProgram, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.kubeconfig, "HELM_NAMESPACE="+namespace,
		"HELM_CACHE_HOME="+c.helmDir, "HELM_CONFIG_HOME="+c.helmDir, "HELM_DATA_HOME="+c.helmDir)
	output = &outputs{}
	cmd.Stdout, cmd.Stderr = &output.stdout, &output.stderr
	return cmd, output
}

type outputs struct{ stdout, stderr strings.Builder }

// String returns both.
func (o *outputs) String() string { return o.stdout.String() + o.stderr.String() }

// helm runs helm.
func (c *cluster) helm(ctx context.Context, args ...string) (stdout, stderr string, err error) {
	cmd, out := c.command(ctx, args...)
	if err = cmd.Run(); err != nil {
		err = fmt.Errorf("helm %s: %w: %s", strings.Join(args, " "), err, out.stderr.String())
	}
	return out.stdout.String(), out.stderr.String(), err
}

// mustHelm runs helm and fails the test if it fails.
func (c *cluster) mustHelm(t *testing.T, args ...string) string {
	t.Helper()
	stdout, _, err := c.helm(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return stdout
}

// set turns values into arguments of helm.
func set(values ...string) []string {
	var args []string
	for _, v := range values {
		args = append(args, "--set", v)
	}
	return args
}

// install is the command of the documentation. The end of the test removes the release and its namespace.
func (c *cluster) install(t *testing.T, args ...string) {
	t.Helper()
	c.tidy(t)
	c.mustHelm(t, slices.Concat([]string{"upgrade", "--install", release, c.chart, "--create-namespace", "--wait", "--timeout=3m"}, args)...)
}

// upgrade is the command of the documentation for a change of values.
func (c *cluster) upgrade(t *testing.T, args ...string) {
	t.Helper()
	c.mustHelm(t, slices.Concat([]string{"upgrade", release, c.chart, "--wait", "--timeout=3m"}, args)...)
}

// tidy removes the release and its namespace when the test ends.
func (c *cluster) tidy(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the Pods said:\n%s", c.nodes.Outputs(controlplane.ServerName))
		}
		ctx := context.WithoutCancel(t.Context())
		if _, _, err := c.helm(ctx, "uninstall", release, "--ignore-not-found"); err != nil {
			t.Error(err)
		}
		// Do not wait until they have drained.
		zero := int64(0)
		if err := c.Core.CoreV1().Pods(namespace).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &zero}, metav1.ListOptions{}); err != nil {
			t.Error(err)
		}
		err := c.Core.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
		if err := testcluster.Wait(ctx, func() error {
			_, err := c.Core.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				return nil
			}
			return errors.Join(err, errors.New("the namespace still exists"))
		}); err != nil {
			t.Error(err)
		}
	})
}

// statusOf returns the status of the release, such as deployed, and its revision.
func (c *cluster) statusOf(t *testing.T) (status string, revision int) {
	t.Helper()
	var s struct {
		Info    struct{ Status string }
		Version int
	}
	if err := json.Unmarshal([]byte(c.mustHelm(t, "status", release, "-o", "json")), &s); err != nil {
		t.Fatal(err)
	}
	return s.Info.Status, s.Version
}

// rendered returns the objects of the chart with values, as helm would install them into an empty cluster.
func (c *cluster) rendered(t *testing.T, args ...string) []*testcluster.Object {
	t.Helper()
	out := c.mustHelm(t, append([]string{"template", release, c.chart}, args...)...)
	return testcluster.Decode(t, out)
}

// into decodes an object strictly.
func into[T any](t *testing.T, o *testcluster.Object) *T {
	t.Helper()
	data, err := yaml.Marshal(o.Object)
	if err != nil {
		t.Fatal(err)
	}
	typed := new(T)
	if err := yaml.UnmarshalStrict(data, typed); err != nil {
		t.Fatalf("%s %s: %v", o.GetKind(), o.GetName(), err)
	}
	return typed
}

func (c *cluster) deployment(t *testing.T) *appsv1.Deployment {
	t.Helper()
	d, err := c.Core.AppsV1().Deployments(namespace).Get(t.Context(), controlplane.ServerName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// pods returns the Pods of the Deployment that are not being deleted.
func (c *cluster) pods(t *testing.T) []*corev1.Pod {
	t.Helper()
	selector := metav1.FormatLabelSelector(c.deployment(t).Spec.Selector)
	pods, err := c.Core.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		t.Fatal(err)
	}
	var all []*corev1.Pod
	for i := range pods.Items {
		if pods.Items[i].DeletionTimestamp == nil {
			all = append(all, &pods.Items[i])
		}
	}
	return all
}

// apiService returns the APIService.
func (c *cluster) apiService(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	o, err := c.Client("APIService", "").Get(t.Context(), controlplane.APIServiceName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// arg returns the value of a flag of the Deployment's container.
func (c *cluster) arg(t *testing.T, flag string) string {
	t.Helper()
	for _, arg := range c.deployment(t).Spec.Template.Spec.Containers[0].Args {
		if value, ok := strings.CutPrefix(arg, "--"+flag+"="); ok {
			return value
		}
	}
	return ""
}
