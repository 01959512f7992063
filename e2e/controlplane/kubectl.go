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

// Kubectl runs kubectl with a kubeconfig file and returns what it wrote to its two outputs. The error is
// that of the command: an *exec.ExitError when kubectl itself failed.
func (cp *ControlPlane) Kubectl(ctx context.Context, kubeconfig string, args ...string) (stdout, stderr string, err error) {
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(cp.config.BinDir, "kubectl"), args...)
	// The cache of discovery answers stays in Dir: kubectl's default is in the home folder, by host and
	// port, where it would outlive this cluster and mislead the next one on the same port.
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "KUBECACHEDIR="+filepath.Join(cp.config.Dir, "kubecache"))
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		return out.String(), errOut.String(), fmt.Errorf("kubectl %v: %w", args, err)
	}
	return out.String(), errOut.String(), nil
}
