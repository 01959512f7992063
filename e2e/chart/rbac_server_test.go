// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/testcluster"
)

// server is a server with the permissions of a test.
type server struct{ *testcluster.Server }

// serveWith runs a server as a new ServiceAccount that has only these permissions.
func (c *cluster) serveWith(t *testing.T, name string, g granted, environment []string) *server {
	t.Helper()
	yaml := &strings.Builder{}
	fmt.Fprintf(yaml, "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: %s}, rules: [", name)
	for _, r := range g.rights {
		fmt.Fprintf(yaml, "{apiGroups: [%q], resources: [%q], verbs: [%s]}, ", r.group, r.resource, r.verb)
	}
	fmt.Fprintf(yaml, `]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: %[1]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %[1]s}
subjects: [{kind: ServiceAccount, name: %[1]s, namespace: e2e-rbac}]
`, name)
	if g.authReader {
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
	return &server{c.Serve(t, account, environment, g.flags...)}
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
		for resource := range sampleOf["alice"] {
			if a, err := s.TryGet(t, config, testcluster.Root+"/"+resource); err != nil || a.Code != 200 {
				t.Errorf("%s: got %d %s (%v)", resource, a.Code, a.Body, err)
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
	ask := func(config *rest.Config) int {
		t.Helper()
		a, err := s.TryGet(t, config, testcluster.Root+"/tenantnamespaces")
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
