// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
)

// Cluster is a control plane, with clients that have an administrator's rights.
type Cluster struct {
	*controlplane.ControlPlane
	// Root is the folder of the repository, Bin that of the programs, and Dir that of the cluster's state.
	Root, Bin, Dir string
	// Flags are those that the server is started with.
	Flags   []string
	Admin   *rest.Config
	Core    *kubernetes.Clientset
	Dynamic *dynamic.DynamicClient

	mu    sync.Mutex
	users map[string]*rest.Config
}

func newCluster(cp *controlplane.ControlPlane, root, bin, dir string, flags []string) (*Cluster, error) {
	c := &Cluster{
		ControlPlane: cp, Root: root, Bin: bin, Dir: dir, Flags: flags,
		Admin: cp.AdminConfig(), users: make(map[string]*rest.Config),
	}
	var err error
	if c.Core, err = kubernetes.NewForConfig(c.Admin); err != nil {
		return nil, err
	}
	c.Dynamic, err = dynamic.NewForConfig(c.Admin)
	return c, err
}

// As returns how to call kube-apiserver as a user with a client certificate. It must not be changed.
func (c *Cluster) As(t testing.TB, name string, groups ...string) *rest.Config {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.Join(append([]string{name}, groups...), "\n")
	if config, ok := c.users[key]; ok {
		return config
	}
	config, err := c.UserConfig(name, groups...)
	if err != nil {
		t.Fatal(err)
	}
	c.users[key] = config
	return config
}

// Impersonating returns an administrator's configuration with which he acts as a user.
func (c *Cluster) Impersonating(name string) *rest.Config {
	config := rest.CopyConfig(c.Admin)
	config.Impersonate = rest.ImpersonationConfig{UserName: name, Groups: []string{"system:authenticated"}}
	return config
}

// Kubeconfig writes a configuration to a file, which is deleted with the test.
func (c *Cluster) Kubeconfig(t testing.TB, config *rest.Config) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := controlplane.WriteKubeconfig(file, "user", config); err != nil {
		t.Fatal(err)
	}
	return file
}

// Restart ends the server, by SIGTERM or SIGKILL, and starts it again with the same flags.
func (c *Cluster) Restart(ctx context.Context, kill bool) error {
	return c.RestartWith(ctx, kill, func() {})
}

// RestartWith is Restart, with something to do while the server is away.
func (c *Cluster) RestartWith(ctx context.Context, kill bool, away func()) error {
	end := c.StopComponent
	if kill {
		end = c.KillComponent
	}
	if err := end(ctx, controlplane.Server); err != nil {
		return err
	}
	away()
	_, err := c.StartServer(ctx, c.Flags...)
	return err
}
