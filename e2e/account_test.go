// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// serveWithout runs a server as a new ServiceAccount with the rights of the control plane's server, except
// those for one resource.
func (c *cluster) serveWithout(t *testing.T, name, resource string, environment []string) *testcluster.Server {
	t.Helper()
	role, err := c.Core.RbacV1().ClusterRoles().Get(t.Context(), controlplane.ServerName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var fewer []rbacv1.PolicyRule
	removed := false
	for _, rule := range role.Rules {
		kept := slices.DeleteFunc(slices.Clone(rule.Resources), func(r string) bool { return r == resource })
		removed = removed || len(kept) < len(rule.Resources)
		if rule.Resources = kept; len(kept) > 0 {
			fewer = append(fewer, rule)
		}
	}
	if !removed {
		t.Fatalf("no rule of the ClusterRole names %s", resource)
	}
	rules, err := json.Marshal(fewer)
	if err != nil {
		t.Fatal(err)
	}
	account := c.As(t, "system:serviceaccount:e2e-rbac:"+name)
	c.Create(t, fmt.Sprintf(`
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: %[1]s}, rules: %[2]s}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: %[1]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %[1]s}
subjects: [{kind: ServiceAccount, name: %[1]s, namespace: e2e-rbac}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: %[1]s, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: extension-apiserver-authentication-reader}
subjects: [{kind: ServiceAccount, name: %[1]s, namespace: e2e-rbac}]
`, name, rules))
	return c.Serve(t, account, environment)
}
