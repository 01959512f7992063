// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/testcluster"
)

// writers is a Tenant whose owners, a user and a service account, may change one object of each kind.
const writers = `
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: writers}
spec:
  owners:
  - &all
    kind: User
    name: wendy
    proxySettings:
    - {kind: Nodes, operations: [List, Update, Delete]}
    - {kind: PersistentVolumes, operations: [List, Update, Delete]}
    - {kind: StorageClasses, operations: [List, Update, Delete]}
    - {kind: IngressClasses, operations: [List, Update, Delete]}
    - {kind: PriorityClasses, operations: [List, Update, Delete]}
    - {kind: RuntimeClasses, operations: [List, Update, Delete]}
  - <<: *all
    kind: ServiceAccount
    name: system:serviceaccount:e2e-ci:bot
  nodeSelector: {pool: solar}
  storageClasses: {allowed: [gold]}
  ingressOptions: {allowedClasses: {allowed: [public-web]}}
  priorityClasses: {allowed: [batch]}
  runtimeClasses: {allowed: [kata]}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv-writers, labels: {capsule.clastix.io/tenant: writers}}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], csi: {driver: csi.example.com, volumeHandle: vol-w}}
`

// writable are the objects of the Tenant, by upstream resource.
var writable = map[string]string{
	"nodes": "solar-node-1", "persistentvolumes": "pv-writers", "storageclasses": "gold", "ingressclasses": "public-web",
	"priorityclasses": "batch", "runtimeclasses": "kata",
}

// write tries to change an object as a user, and changes nothing. It returns the status code.
func (s *server) write(t *testing.T, config *rest.Config, verb, resource string) int {
	t.Helper()
	config = shared.DirectConfig(config)
	config.Host = "https://" + s.Address
	method, body := http.MethodDelete, []byte(nil)
	if verb == "patch" {
		method, body = http.MethodPatch, []byte(`{"metadata":{"labels":{"e2e":"written"}}}`)
	}
	a, err := testcluster.Send(t.Context(), config, method, testcluster.Root+"/tenant"+resource+"/"+writable[resource]+"?dryRun=All", body,
		"Content-Type", "application/merge-patch+json")
	if err != nil {
		t.Fatal(err)
	}
	return a.Code
}

// requireImpersonation checks who can no longer write without a right to impersonate.
func (s *server) requireImpersonation(t *testing.T, r right) {
	t.Helper()
	bot := s.write(t, shared.As(t, "system:serviceaccount:e2e-ci:bot"), "patch", "storageclasses") == 200
	wendy := s.write(t, shared.As(t, "wendy"), "patch", "storageclasses") == 200
	want, ok := map[string][2]bool{ // the service account, the user
		"users":           {true, false},
		"serviceaccounts": {false, true},
		"groups":          {false, false},
		"*":               {false, false}, // of authentication.k8s.io: uids and extra fields
	}[r.resource]
	if got := [2]bool{bot, wendy}; !ok || got != want {
		t.Errorf("without the right to impersonate %s, a service account and a user can write: %v, want %v", r.resource, got, want)
	}
}

// requireWrites checks that users can write every kind, and that each right of the group that the server adds to them
// is necessary for that.
func (s *server) requireWrites(t *testing.T) {
	t.Helper()
	const operators = "tenantview-apiserver-operators"
	for _, user := range []string{"wendy", "system:serviceaccount:e2e-ci:bot"} {
		for resource := range writable {
			for _, verb := range []string{"patch", "delete"} {
				testcluster.Eventually(t, user+" can "+verb+" "+resource, func() error {
					if code := s.write(t, shared.As(t, user), verb, resource); code != 200 {
						return fmt.Errorf("got %d", code)
					}
					return nil
				})
			}
		}
	}
	roles := shared.Core.RbacV1().ClusterRoles()
	role, err := roles.Get(t.Context(), operators, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	all := rightsOf(t, role.Rules)
	if len(all) != 2*len(writable) {
		t.Errorf("the group has the rights %v", all)
	}
	use := func(ctx context.Context, rights []right) {
		t.Helper()
		role.Rules = nil
		for _, r := range rights {
			role.Rules = append(role.Rules, rbacv1.PolicyRule{APIGroups: []string{r.group}, Resources: []string{r.resource}, Verbs: []string{r.verb}})
		}
		if role, err = roles.Update(ctx, role, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range all {
		use(t.Context(), slices.Concat(all[:i], all[i+1:]))
		testcluster.Eventually(t, "nobody can "+r.String(), func() error {
			if code := s.write(t, shared.As(t, "wendy"), r.verb, r.resource); code != 403 {
				return fmt.Errorf("got %d", code)
			}
			return nil
		})
	}
	use(t.Context(), all)
	testcluster.Eventually(t, "the rights are back", func() error {
		if code := s.write(t, shared.As(t, "wendy"), all[len(all)-1].verb, all[len(all)-1].resource); code != 200 {
			return fmt.Errorf("got %d", code)
		}
		return nil
	})
}
