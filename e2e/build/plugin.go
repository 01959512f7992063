// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"os"
	"path/filepath"
)

// pluginModule is the folder, below the repository's root, of the kubectl plugin, which is a module of its
// own. completion is the script in it that completes its arguments.
const (
	pluginModule = "cmd/kubectl-tenantview"
	completion   = "kubectl_complete-tenantview"
)

// Plugin builds the kubectl plugin from the repository at root into binDir, with its script for completion.
func Plugin(ctx context.Context, root, binDir string) error {
	dir := filepath.Join(root, filepath.FromSlash(pluginModule))
	g := goBuild{
		name: "the kubectl plugin", dir: dir, output: binDir + string(filepath.Separator), packages: []string{"."},
		flags: []string{"-ldflags", "-s -w"},
	}
	if _, err := g.run(ctx, nil); err != nil {
		return err
	}
	script, err := os.ReadFile(filepath.Join(dir, completion))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(binDir, completion), script, 0o755)
}
