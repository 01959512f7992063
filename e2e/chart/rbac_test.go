// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// right is the permission for one verb on one resource.
type right struct{ group, resource, verb string }

func (r right) String() string { return r.verb + " " + r.resource }

// granted is what the chart gives the server's ServiceAccount.
type granted struct {
	rights []right
	// authReader is the Role, which kube-apiserver makes, to read how it authenticates.
	authReader bool
	// flags are those of the Deployment, without its certificate and port.
	flags []string
}

// grantedWith returns what the chart gives with these values.
func (c *cluster) grantedWith(t *testing.T, values ...string) granted {
	t.Helper()
	var g granted
	roles := make(map[string][]rbacv1.PolicyRule)
	var bound []string
	isServer := func(subjects []rbacv1.Subject) bool {
		return slices.Contains(subjects, rbacv1.Subject{Kind: "ServiceAccount", Name: controlplane.ServerName, Namespace: namespace})
	}
	for _, o := range c.rendered(t, set(values...)...) {
		switch o.GetKind() {
		case "ClusterRole":
			roles[o.GetName()] = into[rbacv1.ClusterRole](t, o).Rules
		case "ClusterRoleBinding":
			if b := into[rbacv1.ClusterRoleBinding](t, o); isServer(b.Subjects) {
				bound = append(bound, b.RoleRef.Name)
			}
		case "RoleBinding":
			b := into[rbacv1.RoleBinding](t, o)
			if isServer(b.Subjects) && b.Namespace == "kube-system" && b.RoleRef.Name == "extension-apiserver-authentication-reader" {
				g.authReader = true
			} else if isServer(b.Subjects) {
				t.Errorf("the RoleBinding %s gives more", b.Name)
			}
		case "Deployment":
			for _, arg := range into[appsv1.Deployment](t, o).Spec.Template.Spec.Containers[0].Args {
				if name, _, _ := strings.Cut(arg, "="); !slices.Contains([]string{"--secure-port", "--tls-cert-file", "--tls-private-key-file"}, name) {
					g.flags = append(g.flags, arg)
				}
			}
		}
	}
	for _, name := range bound {
		g.rights = append(g.rights, rightsOf(t, roles[name])...)
	}
	return g
}

// rightsOf returns the rights of rules one by one.
func rightsOf(t *testing.T, rules []rbacv1.PolicyRule) []right {
	t.Helper()
	var all []right
	for _, rule := range rules {
		if len(rule.NonResourceURLs) > 0 || len(rule.ResourceNames) > 0 {
			t.Errorf("the test does not know rules like %v", rule)
		}
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

// without returns the rights of a that are not in b.
func without(a, b []right) []right {
	return slices.DeleteFunc(slices.Clone(a), func(r right) bool { return slices.Contains(b, r) })
}

// features are the values on which the rights depend, with the rights that they add to the default ones and those
// that they take away.
var features = map[string]struct {
	values         []string
	added, removed []string
}{
	"RoleBindings off":          {[]string{"policy.roleBindingNamespaces=Off"}, nil, []string{"rolebindings", "roles", "clusterroles"}},
	"any RoleBinding":           {[]string{"policy.roleBindingNamespaces=AnyBinding"}, nil, []string{"roles", "clusterroles"}},
	"GlobalProxySettings off":   {[]string{"policy.globalProxySettings=Off"}, nil, []string{"globalproxysettings"}},
	"Capsule's users only":      {[]string{"policy.capsuleUsersOnly=true"}, []string{"capsuleconfigurations"}, nil},
	"profile of capsule-proxy":  {[]string{"policy.profile=capsule-proxy"}, []string{"capsuleconfigurations"}, []string{"globalproxysettings", "rolebindings", "roles", "clusterroles"}},
	"writes":                    {[]string{"writes.enabled=true"}, []string{"*", "groups", "serviceaccounts", "users"}, nil},
	"images, audit and metrics": {[]string{"listNodeImages=true", "audit.enabled=false", "metrics.readers[0].name=p", "metrics.readers[0].namespace=m"}, nil, nil},
}

// TestRBAC shows that the rights in the chart are sufficient, and that each is necessary. With all of them, a server
// with the chart's flags becomes ready and serves every kind in every way. Without one of them, it reports the source
// that it cannot read, or it loses a feature. Each server has its own ServiceAccount.
func TestRBAC(t *testing.T) {
	// What users, and the group that the server adds to them, may do.
	for _, o := range shared.rendered(t, set("writes.enabled=true")...) {
		others := []string{"tenantview-viewer", "tenantview-editor", "tenantview-apiserver-operators"}
		if (o.GetKind() == "ClusterRole" || o.GetKind() == "ClusterRoleBinding") && slices.Contains(others, o.GetName()) {
			t.Cleanup(func() { shared.RemoveAll(t, []*testcluster.Object{o}) })
			if _, err := shared.Put(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
	}
	shared.Create(t, writers)
	normal := shared.grantedWith(t)
	if len(normal.rights) < 20 || !normal.authReader {
		t.Fatalf("the chart gives only %d rights", len(normal.rights))
	}
	t.Run("all", func(t *testing.T) {
		s := shared.serveWith(t, "e2e-rbac-all", normal, nil)
		s.WaitReady(t)
		s.requireSources(t)
	})
	t.Run("discovery", func(t *testing.T) {
		// Discovery tells the server whether a resource is absent. All authenticated users may read it.
		account := shared.As(t, "system:serviceaccount:e2e-rbac:e2e-rbac-nothing")
		testcluster.Get(t, account, "/apis/capsule.clastix.io/v1beta2").Expect(t, 200)
	})
	t.Run("the role for the front proxy's authority", func(t *testing.T) {
		t.Parallel()
		g := normal
		g.authReader = false
		s := shared.serveWith(t, "e2e-rbac-auth", g, nil)
		testcluster.Eventually(t, "the sources are ready and nothing else", func() error { return s.onlyFails(t, "authentication") })
	})
	for i, r := range normal.rights {
		t.Run(r.String(), func(t *testing.T) {
			t.Parallel()
			shared.requireNecessary(t, fmt.Sprintf("e2e-rbac-%d", i), normal, r)
		})
	}
	for n, name := range slices.Sorted(maps.Keys(features)) {
		f := features[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := shared.grantedWith(t, f.values...)
			added, removed := without(g.rights, normal.rights), without(normal.rights, g.rights)
			for what, both := range map[string][2][]string{"adds": {resources(added), f.added}, "removes": {resources(removed), f.removed}} {
				want := slices.Sorted(slices.Values(both[1]))
				if !slices.Equal(both[0], want) {
					t.Errorf("it %s the rights to %v, expected %v", what, both[0], want)
				}
			}
			s := shared.serveWith(t, fmt.Sprintf("e2e-rbac-feature-%d", n), g, nil)
			s.WaitReady(t)
			s.requireSources(t)
			if name == "writes" {
				s.requireWrites(t)
			}
			for i, r := range added {
				shared.requireNecessary(t, fmt.Sprintf("e2e-rbac-feature-%d-%d", n, i), g, r)
			}
		})
	}
}

// resources returns the resources of rights.
func resources(rights []right) []string {
	var all []string
	for _, r := range rights {
		all = append(all, r.resource)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// requireNecessary runs a server without one of its rights and checks that it says what it lacks.
func (c *cluster) requireNecessary(t *testing.T, name string, g granted, r right) {
	t.Helper()
	g.rights = without(g.rights, []right{r})
	var environment []string
	if r.verb == "list" {
		// Since v1.34, kube-apiserver can send lists in the watch stream, which needs only the
		// permission to watch. Older versions cannot.
		environment = append(environment, "KUBE_FEATURE_WatchListClient=false")
	}
	s := c.serveWith(t, name, g, environment)
	switch r.verb {
	case "create":
		s.WaitReady(t)
		s.requireReviews(t, r)
	case "list":
		testcluster.Eventually(t, "only this source is not ready", func() error { return s.onlyFails(t, "source-"+r.resource) })
		// Before it has read everything, the server must not serve lists.
		if a, err := s.TryGet(t, c.Admin, testcluster.Root+"/tenantnamespaces"); err != nil || a.Code != 503 {
			t.Errorf("the server answers %d: %s (%v)", a.Code, a.Body, err)
		}
	case "impersonate":
		s.WaitReady(t)
		s.requireImpersonation(t, r)
	case "watch":
		testcluster.Eventually(t, "the server says that it cannot follow the source", func() error { return s.lags(t, r.resource) })
	default:
		t.Errorf("nothing shows that the right to %s is necessary", r)
	}
}
