// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// controlPlaneModule is the folder, below the repository's root, of the module that pins the programs
// of the control plane.
const controlPlaneModule = "hack/controlplane"

// controlPlanePackages are the programs that are built from controlPlaneModule, by file name.
var controlPlanePackages = []struct{ program, pkg string }{
	{"etcd", "go.etcd.io/etcd/server/v3"},
	{"kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"},
	{"kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"},
	{"kubectl", "k8s.io/kubernetes/cmd/kubectl"},
}

// BuildControlPlane builds etcd, kube-apiserver, kube-controller-manager and kubectl into binDir. It
// does nothing if they are there already in the versions that the repository at root pins, and returns
// whether it built. The first build takes several minutes.
func BuildControlPlane(ctx context.Context, root, binDir string) (built bool, err error) {
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
	// Without cgo, the programs run wherever .run/bin is copied to, for example from a CI cache.
	env := []string{"CGO_ENABLED=0"}
	for _, p := range controlPlanePackages {
		output := filepath.Join(binDir, p.program)
		if err := goBuild(ctx, dir, output, p.pkg, env, "-trimpath", "-ldflags", flags); err != nil {
			return false, err
		}
	}
	return true, writeFile(stampFile, []byte(want), 0o644)
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

// BuildServer builds tenantview-apiserver from the repository at root into binDir. It always runs the go
// command, which does nothing if nothing has changed.
func BuildServer(ctx context.Context, root, binDir string) error {
	// Use the same cgo setting as "go test" and "go vet". With another one, go would compile nearly
	// everything that the server imports a second time.
	return goBuild(ctx, root, filepath.Join(binDir, ServerName), "./cmd/"+ServerName, nil)
}

// Build builds the missing programs of the control plane, and the server.
func Build(ctx context.Context, root, binDir string) error {
	if _, err := BuildControlPlane(ctx, root, binDir); err != nil {
		return err
	}
	return BuildServer(ctx, root, binDir)
}

// RepositoryRoot returns the folder of the main module's go.mod, at or above dir.
func RepositoryRoot(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		_, err := os.Stat(filepath.Join(dir, filepath.FromSlash(controlPlaneModule), "go.mod"))
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("not inside the repository: no folder above has %s/go.mod", controlPlaneModule)
		}
		dir = parent
	}
}

// versionFlags returns linker flags that set the version. Without them, the programs would report
// v0.0.0.
func versionFlags(ctx context.Context, dir string) (string, error) {
	out, err := goCommand(ctx, dir, "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes").Output()
	if err != nil {
		return "", fmt.Errorf("reading the version of k8s.io/kubernetes in %s: %w", dir, commandError(err))
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

func goBuild(ctx context.Context, dir, output, pkg string, env []string, flags ...string) error {
	args := append([]string{"build", "-o", output}, flags...)
	cmd := goCommand(ctx, dir, append(args, pkg)...)
	cmd.Env = append(cmd.Env, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

func goCommand(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	// A workspace would override the pinned versions.
	cmd.Env = append(os.Environ(), "GOWORK=off")
	return cmd
}

// commandError adds the command's standard error to an error of Cmd.Output.
func commandError(err error) error {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
	}
	return err
}
