// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// right is the permission for one verb on one resource in the server's ClusterRole.
type right struct{ group, resource, verb string }

func (r right) String() string { return r.verb + " " + r.resource }

// rightsOf returns the rights of rules one by one.
func rightsOf(rules []rbacv1.PolicyRule) []right {
	var all []right
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					all = append(all, right{group, resource, verb})
				}
			}
		}
	}
	return all
}

// server is a server with the permissions of a test.
type server struct{ *testcluster.Server }

// TestRBAC shows that the rules of artifacts/rbac.yaml are sufficient, and that each is necessary. With all
// of them, a server becomes ready and serves every kind in every way. Without one of them, it reports the
// source that it cannot read, or it loses a feature. Each server has its own ServiceAccount.
func TestRBAC(t *testing.T) {
	arrange(t, solarAndWind)
	role, err := shared.Core.RbacV1().ClusterRoles().Get(t.Context(), controlplane.ServerName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	all := rightsOf(role.Rules)
	if len(all) < 20 {
		t.Fatalf("the ClusterRole has only %d rights", len(all))
	}
	t.Run("all", func(t *testing.T) {
		for _, flags := range [][]string{nil, {"--capsule-users-only"}} {
			s := shared.serveWith(t, "e2e-rbac-all", all, true, nil, flags...)
			s.WaitReady(t)
			s.requireSources(t)
		}
	})
	t.Run("discovery", func(t *testing.T) {
		// Discovery tells the server whether a resource is absent. All authenticated users may read it.
		account := shared.As(t, "system:serviceaccount:e2e-rbac:e2e-rbac-nothing")
		testcluster.Get(t, account, "/apis/capsule.clastix.io/v1beta2").Expect(t, 200)
	})
	t.Run("the role for the front proxy's authority", func(t *testing.T) {
		t.Parallel()
		s := shared.serveWith(t, "e2e-rbac-auth", all, false, nil)
		testcluster.Eventually(t, "the sources are ready and nothing else", func() error { return s.onlyFails(t, "authentication") })
	})
	for i, r := range all {
		t.Run(r.String(), func(t *testing.T) {
			t.Parallel()
			var environment []string
			if r.verb == "list" {
				// Since v1.34, kube-apiserver can send lists in the watch stream, which needs only the
				// permission to watch. Older versions cannot.
				environment = append(environment, "KUBE_FEATURE_WatchListClient=false")
			}
			s := shared.serveWith(t, fmt.Sprintf("e2e-rbac-%d", i), slices.Concat(all[:i], all[i+1:]), true, environment, "--capsule-users-only")
			switch r.verb {
			case "create":
				s.WaitReady(t)
				s.requireReviews(t, r)
			case "list":
				testcluster.Eventually(t, "only this source is not ready", func() error { return s.onlyFails(t, "source-"+r.resource) })
				// Before it has read everything, the server must not serve lists.
				if a, err := s.TryGet(t, shared.Admin, kindOf("namespaces").Path()); err != nil || a.Code != 503 {
					t.Errorf("the server answers %d: %s (%v)", a.Code, a.Body, err)
				}
			case "watch":
				testcluster.Eventually(t, "the server says that it cannot follow the source", func() error { return s.lags(t, r.resource) })
			}
		})
	}
}

// serveWith runs a server as a new ServiceAccount that has only these permissions and, with authReader, the
// one to read how kube-apiserver authenticates.
func (c *cluster) serveWith(t *testing.T, name string, rights []right, authReader bool, environment []string, flags ...string) *server {
	t.Helper()
	yaml := &strings.Builder{}
	fmt.Fprintf(yaml, "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: %s}, rules: [", name)
	for _, r := range rights {
		fmt.Fprintf(yaml, "{apiGroups: [%q], resources: [%s], verbs: [%s]}, ", r.group, r.resource, r.verb)
	}
	fmt.Fprintf(yaml, `]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: %[1]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %[1]s}
subjects: [{kind: ServiceAccount, name: %[1]s, namespace: e2e-rbac}]
`, name)
	if authReader {
		fmt.Fprintf(yaml, `---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: %[1]s, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: extension-apiserver-authentication-reader}
subjects: [{kind: ServiceAccount, name: %[1]s, namespace: e2e-rbac}]
`, name)
	}
	account := c.As(t, "system:serviceaccount:e2e-rbac:"+name)
	c.Create(t, yaml.String())
	return &server{c.Serve(t, account, environment, flags...)}
}

// onlyFails returns nil if this check of /readyz fails and no other does.
func (s *server) onlyFails(t *testing.T, check string) error {
	t.Helper()
	failed, err := s.FailedChecks(t)
	if err != nil || slices.Equal(failed, []string{check}) {
		return err
	}
	return fmt.Errorf("failed checks: %v", failed)
}

// lags returns nil if the server reports, in its probe or its metrics, that a source is behind.
func (s *server) lags(t *testing.T, source string) error {
	t.Helper()
	if err := s.onlyFails(t, "source-"+source); err == nil {
		return nil
	}
	a, err := s.TryGet(t, shared.Admin, "/metrics")
	if err != nil || a.Code != 200 {
		return fmt.Errorf("got %d: %s (%w)", a.Code, a.Body, err)
	}
	for name, value := range a.Metrics(t) {
		if strings.HasPrefix(name, "tenantview_source_lag_seconds{") && value > 0 {
			if name == fmt.Sprintf("tenantview_source_lag_seconds{source=%q}", source) {
				return nil
			}
			return fmt.Errorf("%s is %v", name, value)
		}
	}
	return fmt.Errorf("nothing lags")
}

// requireSources checks that the server follows all sources, and responds in each way.
func (s *server) requireSources(t *testing.T) {
	t.Helper()
	for _, config := range []*rest.Config{shared.As(t, "alice"), shared.As(t, "system:serviceaccount:e2e-ci:bot")} {
		for _, k := range kinds {
			if a, err := s.TryGet(t, config, k.Path()); err != nil || a.Code != 200 {
				t.Errorf("%s: got %d %s (%v)", k.Resource(), a.Code, a.Body, err)
			}
		}
	}
	a, err := s.TryGet(t, shared.Admin, "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range a.Metrics(t) {
		// The server may be applying an event.
		if (strings.HasPrefix(name, "tenantview_source_lag_seconds{") && value > 1) || (strings.HasPrefix(name, "tenantview_source_synced{") && value != 1) {
			t.Errorf("%s is %v", name, value)
		}
	}
}

// requireReviews checks what the server can no longer do without the permission to create reviews.
func (s *server) requireReviews(t *testing.T, r right) {
	t.Helper()
	path := kindOf("namespaces").Path()
	ask := func(config *rest.Config) int {
		t.Helper()
		a, err := s.TryGet(t, config, path)
		if err != nil {
			t.Fatal(err)
		}
		return a.Code
	}
	token, certificate := ask(shared.As(t, "system:serviceaccount:e2e-ci:bot")), ask(shared.As(t, "alice"))
	switch r.resource {
	case "tokenreviews":
		if token != 401 || certificate != 200 {
			t.Errorf("a token is answered %d, a certificate %d", token, certificate)
		}
	case "subjectaccessreviews":
		if token == 200 || certificate == 200 {
			t.Errorf("a token is answered %d, a certificate %d", token, certificate)
		}
	default:
		t.Errorf("unknown purpose: %v", r)
	}
}
