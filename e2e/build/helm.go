// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"path/filepath"
)

// helmModule is the folder, below the repository's root, of the module that pins helm.
const helmModule = "hack/tools/helm"

var helmPackages = []program{{"helm", "helm.sh/helm/v4/cmd/helm", "helm"}}

// Helm builds the helm program into binDir and returns its path. It does nothing if it is there already in
// the version that the repository at root pins. The first build takes some minutes. report may be nil.
func Helm(ctx context.Context, root, binDir string, report Report) (path string, err error) {
	p := pinned{
		name: "helm", dir: filepath.Join(root, filepath.FromSlash(helmModule)),
		flags: "-s -w", stamp: ".helm", programs: helmPackages,
	}
	_, err = p.build(ctx, binDir, report)
	return filepath.Join(binDir, "helm"), err
}
