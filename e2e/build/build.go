// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
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

// controlPlanePackages are the programs that are built from controlPlaneModule. output is what "go build
// -o DIR/" calls them: the last part of the import path that is no major version.
var controlPlanePackages = []struct{ program, pkg, output string }{
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
	want, err := buildStamp(dir, flags)
	if err != nil {
		return false, err
	}
	stampFile := filepath.Join(binDir, ".controlplane")
	if got, err := os.ReadFile(stampFile); err == nil && string(got) == want && ControlPlaneBuilt(binDir) {
		return false, nil
	}
	if err := os.MkdirAll(binDir, 0o755); err != nil {
		return false, err
	}
	// Programs replace those of another version when all are complete, under the names that they run by.
	output, err := os.MkdirTemp(binDir, ".build-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(output)
	g := goBuild{
		name:   "the control plane",
		dir:    dir,
		output: output + string(filepath.Separator),
		flags:  []string{"-ldflags", flags, "-gcflags", withoutDWARF},
		// Without cgo, the programs run wherever .run/bin is copied to, for example from a CI cache.
		env: []string{"CGO_ENABLED=0"},
	}
	for _, p := range controlPlanePackages {
		g.packages = append(g.packages, p.pkg)
	}
	if _, err := g.run(ctx, report); err != nil {
		return false, err
	}
	if err := os.Remove(stampFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	for _, p := range controlPlanePackages {
		if err := os.Rename(filepath.Join(output, p.output), filepath.Join(binDir, p.program)); err != nil {
			return false, err
		}
	}
	return true, os.WriteFile(stampFile, []byte(want), 0o644)
}

// ControlPlaneBuilt returns whether all programs of the control plane are in binDir, in any version.
func ControlPlaneBuilt(binDir string) bool {
	for _, p := range controlPlanePackages {
		if _, err := os.Stat(filepath.Join(binDir, p.program)); err != nil {
			return false
		}
	}
	return true
}

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

// withoutDWARF leaves out debug information, which the linker flag -w would drop anyway. The standard library
// is compiled as usual: the programs share it with the server and the tests.
const withoutDWARF = "k8s.io/...=-dwarf=false"

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

// buildStamp returns a text that changes with everything that the programs are built from.
func buildStamp(dir, flags string) (string, error) {
	h := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		h.Write(data)
	}
	h.Write([]byte(flags))
	return hex.EncodeToString(h.Sum(nil)) + "\n", nil
}
