// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// object is an object of any kind.
type object = testcluster.Object

// cluster is a control plane, with what the tests of this package do to it: they change the server's flags
// and run kubectl.
type cluster struct{ *testcluster.Cluster }

// asUser is like As, for a user of the cases, with more groups unless the user is a service account. Each
// user is also in the groups that Kubernetes assigns.
func (c *cluster) asUser(t *testing.T, u *user.DefaultInfo, more ...string) *rest.Config {
	t.Helper()
	if strings.HasPrefix(u.Name, serviceaccount.ServiceAccountUsernamePrefix) {
		return c.As(t, u.Name)
	}
	groups := slices.DeleteFunc(slices.Clone(u.Groups), func(group string) bool { return group == user.AllAuthenticated })
	return c.As(t, u.Name, append(groups, more...)...)
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
	return c.Kubectl(t.Context(), c.Kubeconfig(t, config), args...)
}

// startServer runs the server with these flags and no others until the test ends.
func (c *cluster) startServer(t *testing.T, flags ...string) {
	t.Helper()
	c.restoreServer(t)
	if _, err := c.StartServer(t.Context(), flags...); err != nil {
		t.Fatal(err)
	}
}

// restoreServer restarts the server without flags when the test ends, because all tests expect that.
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

// waitDiscovered returns when the discovery of kube-apiserver has the server's kinds. While the server is
// away, kube-apiserver removes them from discovery. Unless the APIService changes, it may take a minute
// until kube-apiserver asks again.
func (c *cluster) waitDiscovered(ctx context.Context) error {
	patch := fmt.Sprintf(`{metadata: {annotations: {e2e.example.com/asked: "%d"}}}`, time.Now().UnixNano())
	if err := c.TryPatch(ctx, "APIService", "", controlplane.APIServiceName, patch); err != nil {
		return err
	}
	return testcluster.Wait(ctx, func() error {
		a, err := testcluster.TryGet(ctx, c.Admin, "/apis", "Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
		if err != nil {
			return err
		}
		discovery := &apidiscoveryv2.APIGroupDiscoveryList{}
		if err := json.Unmarshal(a.Body, discovery); err != nil {
			return err
		}
		for _, group := range discovery.Items {
			for _, version := range group.Versions {
				if group.Name == v1alpha1.GroupName && version.Freshness == apidiscoveryv2.DiscoveryFreshnessCurrent && len(version.Resources) == len(kinds)+len(reviews) {
					return nil
				}
			}
		}
		return missing("current discovery of the API group")
	})
}
