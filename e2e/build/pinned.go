// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
)

// program is built from the package pkg. output is what "go build -o DIR/" calls it: the last part of the
// import path that is no major version.
type program struct{ name, pkg, output string }

// pinned are programs that a module of tools pins. They are built when their versions change, not on
// every run.
type pinned struct {
	// name says what is built, for people; dir is the module's folder.
	name, dir string
	// flags are those of the linker. stamp is a file in binDir that says what the programs were built from.
	flags, stamp string
	programs     []program
}

// build builds the programs into binDir unless they are there already, and returns whether it built.
func (p *pinned) build(ctx context.Context, binDir string, report Report) (built bool, err error) {
	want, err := buildStamp(p.dir, p.flags)
	if err != nil {
		return false, err
	}
	stampFile := filepath.Join(binDir, p.stamp)
	if got, err := os.ReadFile(stampFile); err == nil && string(got) == want && allBuilt(p.programs, binDir) {
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
		name:   p.name,
		dir:    p.dir,
		output: output + string(filepath.Separator),
		flags:  []string{"-ldflags", p.flags, "-gcflags", withoutDWARF},
		// Without cgo, the programs run wherever .run/bin is copied to, for example from a CI cache.
		env: []string{"CGO_ENABLED=0"},
	}
	for _, program := range p.programs {
		g.packages = append(g.packages, program.pkg)
	}
	if _, err := g.run(ctx, report); err != nil {
		return false, err
	}
	if err := os.Remove(stampFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	for _, program := range p.programs {
		if err := os.Rename(filepath.Join(output, program.output), filepath.Join(binDir, program.name)); err != nil {
			return false, err
		}
	}
	return true, os.WriteFile(stampFile, []byte(want), 0o644)
}

// allBuilt returns whether all programs are in binDir, in any version.
func allBuilt(programs []program, binDir string) bool {
	for _, p := range programs {
		if _, err := os.Stat(filepath.Join(binDir, p.name)); err != nil {
			return false
		}
	}
	return true
}

// withoutDWARF leaves out debug information, which the linker flag -w would drop anyway. The standard library
// is compiled as usual: the programs share it with the server and the tests.
const withoutDWARF = "k8s.io/...=-dwarf=false"

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
