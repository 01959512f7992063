// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package machine says what a benchmark ran on.
package machine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/hack/bench/proc"
	"capsule.dev/tenantview/hack/bench/result"
)

// Describe returns the commit of the repository at root, and the machine with the kube-apiserver of config.
// A commit with uncommitted changes ends in "+".
func Describe(ctx context.Context, root string, config *rest.Config) (commit string, m result.Machine, err error) {
	if commit, m, err = Local(ctx, root); err != nil {
		return "", m, err
	}
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return "", m, err
	}
	version, err := client.ServerVersion()
	if err != nil {
		return "", m, fmt.Errorf("reading the version of kube-apiserver: %w", err)
	}
	m.KubernetesVersion = version.GitVersion
	return commit, m, nil
}

// Local is Describe without a kube-apiserver.
func Local(ctx context.Context, root string) (commit string, m result.Machine, err error) {
	if commit, err = describeCommit(ctx, root); err != nil {
		return "", m, err
	}
	m = result.Machine{CPU: cpuModel(), Cores: runtime.NumCPU(), GoVersion: runtime.Version()}
	if m.MemoryBytes, err = proc.MachineMemory(); err != nil {
		return "", m, err
	}
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "", m, err
	}
	m.Kernel = strings.TrimSpace(string(kernel))
	return commit, m, nil
}

func describeCommit(ctx context.Context, root string) (string, error) {
	commit, err := git(ctx, root, "rev-parse", "--short=12", "HEAD")
	if err != nil {
		return "", err
	}
	changes, err := git(ctx, root, "status", "--porcelain")
	if err == nil && changes != "" {
		commit += "+"
	}
	return commit, err
}

func git(ctx context.Context, root string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "git", args...)
	command.Dir = root
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// cpuModel returns the name of the processor, or its architecture if /proc/cpuinfo has no name.
func cpuModel() string {
	data, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
