// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"strings"
	"testing"

	"capsule.dev/tenantview/e2e/testcluster"
)

// With nothing but the command of the documentation, tenants see what is theirs.
func TestInstall(t *testing.T) {
	shared.install(t)
	if pods := shared.pods(t); len(pods) != 2 || pods[0].Spec.NodeName == pods[1].Spec.NodeName {
		t.Errorf("%d Pods", len(pods))
	}
	for _, p := range shared.pods(t) {
		if p.Status.ContainerStatuses[0].RestartCount != 0 {
			t.Errorf("Pod %s was restarted", p.Name)
		}
	}
	shared.requireSample(t)
	// Who has nothing gets nothing, and no error.
	if names := shared.list(t, shared.As(t, "mallory"), "tenantnamespaces"); len(names) != 0 {
		t.Errorf("mallory sees %v", names)
	}
	t.Run("helm test", func(t *testing.T) {
		out := shared.mustHelm(t, "test", release, "--timeout=2m")
		if !strings.Contains(out, "Succeeded") {
			t.Errorf("helm said:\n%s", out)
		}
	})
	t.Run("the namespace may be restricted", func(t *testing.T) {
		// The API checks the Pods of a namespace against its level when the namespace is labelled.
		a, err := testcluster.Send(t.Context(), shared.Admin, "PATCH", "/api/v1/namespaces/"+namespace+"?dryRun=All",
			[]byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`), "Content-Type", "application/merge-patch+json")
		if err != nil {
			t.Fatal(err)
		}
		if warnings := a.Expect(t, 200).Header.Values("Warning"); len(warnings) > 0 {
			t.Errorf("the API warns: %v", warnings)
		}
	})
}
