// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
)

// Cluster is a control plane, with clients that have an administrator's rights.
type Cluster struct {
	*controlplane.ControlPlane
	// Bin is the folder of the programs. Dir is the folder of the cluster's state.
	Bin, Dir string
	// Flags are the flags of the server.
	Flags   []string
	Admin   *rest.Config
	Core    *kubernetes.Clientset
	Dynamic *dynamic.DynamicClient

	mu    sync.Mutex
	users map[string]*rest.Config
}

func newCluster(cp *controlplane.ControlPlane, config controlplane.Config, flags []string) (*Cluster, error) {
	c := &Cluster{
		ControlPlane: cp, Bin: config.BinDir, Dir: config.Dir, Flags: flags,
		Admin: cp.AdminConfig(), users: make(map[string]*rest.Config),
	}
	var err error
	if c.Core, err = kubernetes.NewForConfig(c.Admin); err != nil {
		return nil, err
	}
	c.Dynamic, err = dynamic.NewForConfig(c.Admin)
	return c, err
}

// As returns a configuration to call kube-apiserver as a user: with a client certificate or, for a service
// account, with a real token. It creates the service account and its namespace if they do not exist. The
// result must not be changed.
func (c *Cluster) As(t testing.TB, name string, groups ...string) *rest.Config {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.Join(append([]string{name}, groups...), "\n")
	if config, ok := c.users[key]; ok {
		return config
	}
	config, err := c.authenticate(t.Context(), name, groups)
	if err != nil {
		t.Fatal(err)
	}
	c.users[key] = config
	return config
}

func (c *Cluster) authenticate(ctx context.Context, name string, groups []string) (*rest.Config, error) {
	namespace, account, err := serviceaccount.SplitUsername(name)
	if err != nil {
		return c.UserConfig(name, groups...)
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if _, err := c.Core.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, err
	}
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account}}
	if _, err := c.Core.CoreV1().ServiceAccounts(namespace).Create(ctx, sa, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, err
	}
	return c.ServiceAccountConfig(ctx, namespace, account)
}

// Impersonating returns a configuration with which an administrator impersonates a user.
func (c *Cluster) Impersonating(name string) *rest.Config {
	config := rest.CopyConfig(c.Admin)
	config.Impersonate.UserName = name
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

// RestartWith is like Restart, and calls away while the server is down.
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
