// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"capsule.dev/tenantview/e2e/controlplane"
)

func newTestEnvironment(t *testing.T) *environment {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, ".run")
	return &environment{root: root, dir: dir, config: controlplane.Config{Dir: dir, Ports: controlplane.DefaultPorts}}
}

func TestUserWritesAKubeconfig(t *testing.T) {
	e := newTestEnvironment(t)
	t.Setenv("NAME", "carol")
	t.Setenv("MEMBER_OF", "a, b,")
	if err := e.user(t.Context()); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", e.kubeconfig("carol"))
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != "https://127.0.0.1:16443" || len(config.CertData) == 0 {
		t.Errorf("host %q, certificate of %d bytes", config.Host, len(config.CertData))
	}
}

// A name that leads elsewhere, or to a kubeconfig of the control plane, must not be written.
func TestUserRefusesNames(t *testing.T) {
	for _, name := range []string{"", "../carol", "a/b", ".hidden", "admin", "tenantview-apiserver", "kube-controller-manager"} {
		e := newTestEnvironment(t)
		t.Setenv("NAME", name)
		if err := e.user(t.Context()); err == nil || !strings.Contains(err.Error(), "NAME") {
			t.Errorf("NAME=%q: got error %v, expected one that names the variable", name, err)
		}
		if _, err := os.Stat(e.dir); err == nil {
			t.Errorf("NAME=%q: something was written", name)
		}
	}
}

// "make down" and "make clean" on a new clone must neither fail nor leave anything behind.
func TestDownAndCleanWithoutUp(t *testing.T) {
	e := newTestEnvironment(t)
	if err := e.down(t.Context()); err != nil {
		t.Error(err)
	}
	if err := e.clean(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(e.dir); err == nil {
		t.Error(".run was made")
	}
}

func TestOneCommandAtATime(t *testing.T) {
	e := newTestEnvironment(t)
	release, err := e.lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.lock(); err == nil {
		t.Error("a second command got the lock")
	}
	release()
	release, err = e.lock()
	if err != nil {
		t.Fatalf("after its release: %v", err)
	}
	release()
}
