// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package writes

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"capsule.dev/tenantview/e2e/testcluster"
)

// What the owner of a Tenant does with kubectl works as for the upstream kind.
func TestKubectl(t *testing.T) {
	node := kinds[0]
	shared.Create(t, tenant("kubectl", "{kind: User, name: kate, "+settings("List, Update, Delete")+"}")+
		node.object("kubectl-1", "kubectl", "annotations: {kubectl.kubernetes.io/last-applied-configuration: '{\"of\":\"admin\"}'}, finalizers: [e2e.example.com/hold]"))
	kate := shared.As(t, "kate")
	waitShown(t, kate, node, "kubectl-1")
	t.Cleanup(func() {
		_ = shared.TryPatch(context.WithoutCancel(t.Context()), "Node", "", "kubectl-1", "{metadata: {finalizers: null}}")
	})
	kubeconfig := shared.Kubeconfig(t, kate)
	file := filepath.Join(t.TempDir(), "node.yaml")
	editor := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(editor, []byte("#!/bin/sh\nsed -i 's/^\\( *\\)e2e-tenant:.*/&\\n\\1edited: \"yes\"/' \"$1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBE_EDITOR", editor)
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const head = "apiVersion: tenantview.capsule.dev/v1alpha1\nkind: TenantNode\nmetadata:\n  name: kubectl-1\n"
	for _, step := range []struct {
		command string
		// file is the content of FILE in the command.
		file string
		// output is a part of what kubectl prints, or of its error if fails is set.
		output string
		fails  bool
		// then are fields of the upstream Node, as JSONPath, and their values.
		then map[string]string
	}{
		{command: "label tenantnode kubectl-1 a=1", output: "tenantnode.tenantview.capsule.dev/kubectl-1 labeled", then: map[string]string{"{.metadata.labels.a}": "1"}},
		{command: "label tenantnode kubectl-1 a=2", fails: true, output: "already has a value"},
		{command: "label tenantnode kubectl-1 a=2 --overwrite", then: map[string]string{"{.metadata.labels.a}": "2"}},
		{command: "label tenantnode kubectl-1 a-", then: map[string]string{"{.metadata.labels.a}": ""}},
		{command: "annotate tno kubectl-1 note=x", output: "annotated", then: map[string]string{"{.metadata.annotations.note}": "x"}},
		{command: "patch tenantnode kubectl-1 --type=merge -p {\"spec\":{\"unschedulable\":true}}", output: "patched", then: map[string]string{"{.spec.unschedulable}": "true"}},
		{command: "get tenantnode kubectl-1", output: "SchedulingDisabled"},
		{command: "patch tenantnode kubectl-1 -p {\"spec\":{\"taints\":[{\"key\":\"k\",\"effect\":\"NoSchedule\"}]}}", then: map[string]string{"{.spec.taints[*].key}": "k"}},
		{command: "patch tenantnode kubectl-1 --type=json -p [{\"op\":\"remove\",\"path\":\"/spec/taints\"},{\"op\":\"remove\",\"path\":\"/spec/unschedulable\"}]", then: map[string]string{"{.spec.unschedulable}": ""}},
		{command: "patch tenantnode kubectl-1 --subresource=status --type=merge -p {\"status\":{\"phase\":\"Running\"}}", fails: true},
		{command: "apply --server-side -f FILE", file: head + "  labels: {b: \"1\"}\n", fails: true, output: "use another --field-manager"},
		{command: "apply --server-side --field-manager=kate -f FILE", file: head + "  labels: {b: \"1\"}\n", output: "serverside-applied", then: map[string]string{"{.metadata.labels.b}": "1"}},
		{command: "apply --server-side --field-manager=kate -f FILE", file: head + "  labels: {c: \"1\"}\n", then: map[string]string{"{.metadata.labels.b}": "", "{.metadata.labels.c}": "1"}},
		{command: "apply --server-side --field-manager=other -f FILE", file: head + "  labels: {c: \"2\"}\n", fails: true, output: "conflict with \"kate\""},
		{command: "apply --server-side --field-manager=other --force-conflicts -f FILE", file: head + "  labels: {c: \"2\"}\n", then: map[string]string{"{.metadata.labels.c}": "2"}},
		{command: "apply -f FILE", file: head + "  labels: {d: \"1\"}\n", output: "kubectl-1 configured", then: map[string]string{"{.metadata.labels.d}": "1"}},
		{command: "apply -f FILE", file: head + "  labels: {e: \"1\"}\n", output: "kubectl-1 configured", then: map[string]string{"{.metadata.labels.d}": "1", "{.metadata.labels.e}": "1"}},
		{command: "edit tenantnode kubectl-1", output: "edited", then: map[string]string{"{.metadata.labels.edited}": "yes"}},
		{command: "replace -f FILE", file: head + "  labels: {e2e-tenant: kubectl, replaced: \"yes\"}\n", output: "replaced", then: map[string]string{"{.metadata.labels.replaced}": "yes", "{.metadata.labels.e}": ""}},
		{command: "label tenantnode kubectl-1 f=1 --dry-run=server", output: "labeled (server dry run)", then: map[string]string{"{.metadata.labels.f}": ""}},
		{command: "delete tenantnode kubectl-1 --dry-run=server", output: "deleted (server dry run)", then: map[string]string{"{.metadata.deletionTimestamp}": ""}},
		{command: "create -f FILE", file: head, fails: true, output: "cannot create"},
		{command: "delete tenantnodes --all --wait=false", output: "deleted"},
	} {
		write(step.file)
		args := strings.Split(strings.ReplaceAll(step.command, "FILE", file), " ")
		stdout, stderr, err := shared.Kubectl(t.Context(), kubeconfig, args...)
		if (err != nil) != step.fails || !strings.Contains(stdout+stderr, step.output) {
			t.Errorf("%s: %v, want %q:\n%s%s", step.command, err, step.output, stdout, stderr)
			continue
		}
		for path, want := range step.then {
			got, stderr, err := shared.Kubectl(t.Context(), shared.Kubeconfig(t, shared.Admin), "get", "node", "kubectl-1", "-o", "jsonpath="+path)
			if err != nil || got != want {
				t.Errorf("%s: then %s is %q, want %q (%v %s)", step.command, path, got, want, err, stderr)
			}
		}
	}
	// Nothing of that has touched what is not shown.
	now := upstream(t, node, "kubectl-1")
	if got := now.GetAnnotations()["kubectl.kubernetes.io/last-applied-configuration"]; got != `{"of":"admin"}` {
		t.Errorf("the annotation of client-side apply is %q", got)
	}
	if got := now.GetFinalizers(); len(got) != 1 {
		t.Errorf("finalizers %v", got)
	}
	shared.Patch(t, "Node", "", "kubectl-1", "{metadata: {finalizers: null}}")
	testcluster.Eventually(t, "the deletion is done", func() error {
		if err := shown(t, kate, node, "kubectl-1"); err == nil {
			return fmt.Errorf("it is still shown")
		}
		return nil
	})
}
