// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Kubectl runs kubectl with a kubeconfig file and returns its output. The error is that of the command:
// an *exec.ExitError if kubectl itself failed.
func (cp *ControlPlane) Kubectl(ctx context.Context, kubeconfig string, args ...string) (stdout, stderr string, err error) {
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(cp.config.BinDir, "kubectl"), args...)
	// Keep the discovery cache in Dir. By default, kubectl keeps it in the home folder by host and port:
	// there it would outlive this cluster and be wrong for the next one on the same port.
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "KUBECACHEDIR="+filepath.Join(cp.config.Dir, "kubecache"))
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		return out.String(), errOut.String(), fmt.Errorf("kubectl %v: %w", args, err)
	}
	return out.String(), errOut.String(), nil
}
