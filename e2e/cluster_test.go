// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// cluster is a control plane, with clients that have an administrator's rights.
type cluster struct {
	*controlplane.ControlPlane
	// dir is where its state is, bin where its programs are.
	dir, bin string

	admin   *rest.Config
	core    *kubernetes.Clientset
	dynamic *dynamic.DynamicClient

	mu    sync.Mutex
	users map[string]*rest.Config
}

func newCluster(cp *controlplane.ControlPlane, dir, bin string) (*cluster, error) {
	c := &cluster{ControlPlane: cp, dir: dir, bin: bin, admin: cp.AdminConfig(), users: make(map[string]*rest.Config)}
	var err error
	if c.core, err = kubernetes.NewForConfig(c.admin); err != nil {
		return nil, err
	}
	c.dynamic, err = dynamic.NewForConfig(c.admin)
	return c, err
}

// as returns how to call kube-apiserver as a user: with a client certificate, or with a real token if it
// is a service account, which is made with its namespace if it does not exist.
func (c *cluster) as(t *testing.T, name string, groups ...string) *rest.Config {
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

// asUser is as, for a user of the cases, and for more groups if the user is no service account. Everybody
// is in the groups that Kubernetes puts him in.
func (c *cluster) asUser(t *testing.T, u *user.DefaultInfo, more ...string) *rest.Config {
	t.Helper()
	if strings.HasPrefix(u.Name, serviceaccount.ServiceAccountUsernamePrefix) {
		return c.as(t, u.Name)
	}
	groups := slices.DeleteFunc(slices.Clone(u.Groups), func(group string) bool { return group == user.AllAuthenticated })
	return c.as(t, u.Name, append(groups, more...)...)
}

func (c *cluster) authenticate(ctx context.Context, name string, groups []string) (*rest.Config, error) {
	namespace, account, err := serviceaccount.SplitUsername(name)
	if err != nil {
		return c.UserConfig(name, groups...)
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if _, err := c.core.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, err
	}
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account}}
	if _, err := c.core.CoreV1().ServiceAccounts(namespace).Create(ctx, sa, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, err
	}
	return c.ServiceAccountConfig(ctx, namespace, account)
}

// impersonating returns an administrator's configuration with which he acts as a user.
func (c *cluster) impersonating(name string) *rest.Config { return impersonating(c.admin, name) }

func impersonating(config *rest.Config, name string) *rest.Config {
	config = rest.CopyConfig(config)
	config.Impersonate.UserName = name
	return config
}

// kubectl runs kubectl and fails the test if it fails.
func (c *cluster) kubectl(t *testing.T, config *rest.Config, args ...string) string {
	t.Helper()
	stdout, stderr, err := c.tryKubectl(t, config, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	return stdout
}

func (c *cluster) tryKubectl(t *testing.T, config *rest.Config, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := controlplane.WriteKubeconfig(kubeconfig, "user", config); err != nil {
		t.Fatal(err)
	}
	return c.Kubectl(t.Context(), kubeconfig, args...)
}

// startServer runs the server with these flags and no others until the test ends.
func (c *cluster) startServer(t *testing.T, flags ...string) {
	t.Helper()
	c.restoreServer(t)
	if _, err := c.StartServer(t.Context(), flags...); err != nil {
		t.Fatal(err)
	}
}

// restoreServer runs the server without any flags when the test ends, as all tests expect it.
func (c *cluster) restoreServer(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if _, err := c.StartServer(ctx); err != nil {
			t.Error(err)
		}
		if err := c.waitDiscovered(ctx); err != nil {
			t.Error(err)
		}
	})
}

// waitDiscovered returns when kube-apiserver says that the server serves its kinds. While the server is
// away, kube-apiserver takes them out of its discovery, and may ask again only a minute later, unless the
// APIService changes.
func (c *cluster) waitDiscovered(ctx context.Context) error {
	apiServices := c.dynamic.Resource(schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"})
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{"e2e.example.com/asked":"%d"}}}`, time.Now().UnixNano())
	if _, err := apiServices.Patch(ctx, controlplane.APIServiceName, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return err
	}
	return wait(ctx, func() error {
		a, err := send(ctx, c.admin, "GET", "/apis", nil, "Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
		if err != nil {
			return err
		}
		discovery := &apidiscoveryv2.APIGroupDiscoveryList{}
		if err := json.Unmarshal(a.body, discovery); err != nil {
			return err
		}
		for _, group := range discovery.Items {
			for _, version := range group.Versions {
				if group.Name == v1alpha1.GroupName && version.Freshness == apidiscoveryv2.DiscoveryFreshnessCurrent && len(version.Resources) == len(kinds) {
					return nil
				}
			}
		}
		return missing("current discovery of the API group")
	})
}

// Bounds of what is waited for. They decide nothing but when to give up.
const (
	patience = 60 * time.Second
	interval = 20 * time.Millisecond
)

// eventually waits until check returns nil. It is for what happens at some time after its cause, and then
// stays; the test fails with the last error if it does not happen.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	if err := wait(t.Context(), check); err != nil {
		t.Fatalf("waiting until %s: %v", what, err)
	}
}

func wait(ctx context.Context, check func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-ticker.C:
		}
	}
}
