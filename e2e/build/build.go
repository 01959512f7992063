// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

const (
	// controlPlaneModule is the folder, below the repository's root, of the module that pins the programs
	// of the control plane.
	controlPlaneModule = "hack/controlplane"
	// The server of this repository, and the tool behind make up and make demo.
	server, tool = "tenantview-apiserver", "dev"
)

// controlPlanePackages are the programs that are built from controlPlaneModule.
var controlPlanePackages = []program{
	{"etcd", "go.etcd.io/etcd/server/v3", "server"},
	{"kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver", "kube-apiserver"},
	{"kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager", "kube-controller-manager"},
	{"kubectl", "k8s.io/kubernetes/cmd/kubectl", "kubectl"},
}

// ControlPlane builds etcd, kube-apiserver, kube-controller-manager and kubectl into binDir. It does nothing
// if they are there already in the versions that the repository at root pins, and returns whether it built.
// The first build takes several minutes. report may be nil.
func ControlPlane(ctx context.Context, root, binDir string, report Report) (built bool, err error) {
	dir := filepath.Join(root, filepath.FromSlash(controlPlaneModule))
	flags, err := versionFlags(ctx, dir)
	if err != nil {
		return false, err
	}
	p := pinned{name: "the control plane", dir: dir, flags: flags, stamp: ".controlplane", programs: controlPlanePackages}
	return p.build(ctx, binDir, report)
}

// ControlPlaneBuilt returns whether all programs of the control plane are in binDir, in any version.
func ControlPlaneBuilt(binDir string) bool { return allBuilt(controlPlanePackages, binDir) }

// Server builds tenantview-apiserver from the repository at root into binDir. It always runs the go command,
// which does nothing if nothing has changed. report may be nil.
func Server(ctx context.Context, root, binDir string, report Report) error {
	// Use the cgo setting of the environment, as "go test" does. With another one, go would compile nearly
	// everything that the server imports a second time.
	g := goBuild{name: server, dir: root, output: filepath.Join(binDir, server), packages: []string{"./cmd/" + server}}
	_, err := g.run(ctx, report)
	return err
}

// Tool builds the command of hack/dev into binDir and returns its path and how many packages it compiled.
// report may be nil.
func Tool(ctx context.Context, root, binDir string, report Report) (path string, compiled int, err error) {
	path = filepath.Join(binDir, tool)
	g := goBuild{name: "the make tool", dir: root, output: path, packages: []string{"./hack/dev"}}
	compiled, err = g.run(ctx, report)
	return path, compiled, err
}

// Programs builds the missing programs of the control plane, and the server, without a report.
func Programs(ctx context.Context, root, binDir string) error {
	if _, err := ControlPlane(ctx, root, binDir, nil); err != nil {
		return err
	}
	return Server(ctx, root, binDir, nil)
}

// versionFlags returns linker flags that set the version. Without them, the programs would report v0.0.0.
func versionFlags(ctx context.Context, dir string) (string, error) {
	out, err := goCommand(ctx, dir, "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes").Output()
	if err != nil {
		return "", fmt.Errorf("reading the version of k8s.io/kubernetes in %s: %w\n%s", dir, commandError(err), toContinue)
	}
	version := strings.TrimSpace(string(out))
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) != 3 {
		return "", fmt.Errorf("k8s.io/kubernetes in %s has version %q, expected vX.Y.Z", dir, version)
	}
	return fmt.Sprintf("-s -w"+
		" -X k8s.io/component-base/version.gitVersion=%[1]s"+
		" -X k8s.io/component-base/version.gitMajor=%[2]s"+
		" -X k8s.io/component-base/version.gitMinor=%[3]s"+
		" -X k8s.io/client-go/pkg/version.gitVersion=%[1]s", version, parts[0], parts[1]), nil
}
