// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
	"capsule.dev/tenantview/internal/syncbuffer"
)

// TestExample runs the example for client-go as alice. It must print what she sees, and what she sees no more.
func TestExample(t *testing.T) {
	arrange(t, solarAndWind)
	program := filepath.Join(t.TempDir(), "follow-namespaces")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../examples/follow-namespaces").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var output syncbuffer.Buffer
	cmd := exec.Command(program, "--kubeconfig="+shared.Kubeconfig(t, shared.As(t, "alice")))
	cmd.Stdout, cmd.Stderr = &output, &output
	ended := make(chan struct{})
	if err := controlplane.StartChild(cmd, func(error) { close(ended) }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		<-ended
	})
	wait := func(lines ...string) {
		t.Helper()
		testcluster.Eventually(t, fmt.Sprintf("the example prints %q", lines), func() error {
			for _, line := range lines {
				if !strings.Contains(output.String(), line+"\n") {
					return fmt.Errorf("it printed:\n%s", output.String())
				}
			}
			return nil
		})
	}
	wait("+ solar-a (tenant solar, Active)", "+ solar-b (tenant solar, Active)")
	shared.Patch(t, "Tenant", "", "solar", `{spec: {owners: []}}`)
	wait("- solar-a (tenant solar, Active)", "- solar-b (tenant solar, Active)")
	if strings.Contains(output.String(), "wind") {
		t.Errorf("alice sees what is bob's:\n%s", output.String())
	}
}
