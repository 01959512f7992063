// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package writes

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

const operators = "tenantview.capsule.dev:operators"

// audited returns the events of kube-apiserver's audit log about a node.
func audited(t *testing.T, node string) []auditv1.Event {
	t.Helper()
	file, err := os.Open(auditLog)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var events []auditv1.Event
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e auditv1.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if e.ObjectRef != nil && e.ObjectRef.Name == node && e.ObjectRef.Resource == "nodes" {
			events = append(events, e)
		}
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return events
}

// kube-apiserver knows who has written: its audit log names the user, and the server as the impersonator. The
// user has exactly his groups and the one that the server adds.
func TestAuditSeesTheUser(t *testing.T) {
	node := kinds[0]
	for name, who := range map[string]struct {
		name   string
		groups []string
		want   []string
	}{
		"person":        {"anna", []string{"Devs", "devs", "a/b%2f", "team ü"}, []string{"Devs", "devs", "a/b%2f", "team ü", "system:authenticated", operators}},
		"odd":           {"oidc:Ünïcode/%41 b", nil, []string{"system:authenticated", operators}},
		"administrator": {"ruth", []string{"system:masters"}, []string{"system:masters", "system:authenticated", operators}},
		"account":       {"system:serviceaccount:e2e-audit:bot", nil, []string{"system:serviceaccounts", "system:serviceaccounts:e2e-audit", "system:authenticated", operators}},
	} {
		t.Run(name, func(t *testing.T) {
			id := "audit-" + name
			kind := "User"
			if name == "account" {
				kind = "ServiceAccount"
			}
			user := shared.As(t, who.name, who.groups...)
			shared.Create(t, tenant(id, fmt.Sprintf("{kind: %s, name: %q, %s}", kind, who.name, settings("List, Update")))+node.object(id, id, ""))
			waitShown(t, user, node, id)
			patch(t, user, mergePatch, node.path(id), "", `{"spec":{"unschedulable":true}}`).Expect(t, 200)
			var found bool
			for _, e := range audited(t, id) {
				if e.Verb != "patch" {
					continue
				}
				found = true
				if want := "system:serviceaccount:" + controlplane.ServerNamespace + ":" + controlplane.ServerName; e.User.Username != want {
					t.Errorf("the impersonator is %q", e.User.Username)
				}
				if e.ImpersonatedUser == nil {
					t.Fatal("nobody is impersonated")
				}
				if e.ImpersonatedUser.Username != who.name {
					t.Errorf("the user is %q, want %q", e.ImpersonatedUser.Username, who.name)
				}
				if diff := cmp.Diff(who.want, e.ImpersonatedUser.Groups); diff != "" {
					t.Errorf("groups (-want +got):\n%s", diff)
				}
				if own := whoIs(t, user); own.UID != e.ImpersonatedUser.UID || !cmp.Equal(own.Extra, e.ImpersonatedUser.Extra) {
					t.Errorf("the user is %+v, for audit %+v", own, e.ImpersonatedUser)
				}
			}
			if !found {
				t.Error("the audit log has no event of the write")
			}
		})
	}
}

// whoIs returns what kube-apiserver knows of a user.
func whoIs(t *testing.T, config *rest.Config) authenticationv1.UserInfo {
	t.Helper()
	a := send(t, config, http.MethodPost, "/apis/authentication.k8s.io/v1/selfsubjectreviews", `{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`, "Content-Type", "application/json").Expect(t, 201)
	var review authenticationv1.SelfSubjectReview
	if err := json.Unmarshal(a.Body, &review); err != nil {
		t.Fatal(err)
	}
	return review.Status.UserInfo
}

// Admission decides about the user: a policy forbids bob, and only bob, a label.
func TestAdmissionSeesTheUser(t *testing.T) {
	node := kinds[0]
	shared.Create(t, tenant("adm", "{kind: User, name: bob, "+settings("List, Update")+"}, {kind: User, name: alice, "+settings("List, Update")+"}")+node.object("adm-1", "adm", ""))
	alice, bob := shared.As(t, "alice"), shared.As(t, "bob")
	waitShown(t, bob, node, "adm-1")
	policies := shared.Core.AdmissionregistrationV1()
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "e2e-not-bob"},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: admissionregistrationv1.RuleWithOperations{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Update},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"nodes"}},
			}}}},
			Validations: []admissionregistrationv1.Validation{{
				Expression: "request.userInfo.username != 'bob' || !has(object.metadata.labels) || !('forbidden' in object.metadata.labels)",
				Message:    "bob may not forbid",
			}},
		},
	}
	binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "e2e-not-bob"},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: "e2e-not-bob", ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
		},
	}
	t.Cleanup(func() {
		_ = policies.ValidatingAdmissionPolicies().Delete(context.WithoutCancel(t.Context()), policy.Name, metav1.DeleteOptions{})
		_ = policies.ValidatingAdmissionPolicyBindings().Delete(context.WithoutCancel(t.Context()), binding.Name, metav1.DeleteOptions{})
	})
	if _, err := policies.ValidatingAdmissionPolicies().Create(t.Context(), policy, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := policies.ValidatingAdmissionPolicyBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	const forbidden = `{"metadata":{"labels":{"forbidden":"1"}}}`
	var refused testcluster.Answer
	testcluster.Eventually(t, "the policy is in force", func() error {
		if refused = patch(t, bob, mergePatch, node.path("adm-1"), "dryRun=All", forbidden); refused.Code == 200 {
			return fmt.Errorf("bob may set the label")
		}
		return nil
	})
	refused.Expect(t, http.StatusUnprocessableEntity)
	if got := refused.Status(t); !strings.HasPrefix(got.Message, `tenantnodes.tenantview.capsule.dev "adm-1" is forbidden: ValidatingAdmissionPolicy 'e2e-not-bob'`) || !strings.Contains(got.Message, "bob may not forbid") {
		t.Errorf("the error is %q", got.Message)
	}
	patch(t, bob, mergePatch, node.path("adm-1"), "", `{"metadata":{"labels":{"allowed":"1"}}}`).Expect(t, 200)
	patch(t, alice, mergePatch, node.path("adm-1"), "", forbidden).Expect(t, 200)
}

// Only the server can use the group that may write. Whoever else has it from a certificate is refused by the
// server; that kube-apiserver lets him write directly is why nobody may issue it.
func TestOperatorsGroupCannotBeUsed(t *testing.T) {
	node := kinds[0]
	shared.Create(t, tenant("op", "{kind: User, name: olga, "+settings("List, Update, Delete")+"}")+node.object("op-1", "op", "")+node.object("op-2", "", ""))
	olga := shared.As(t, "olga")
	waitShown(t, olga, node, "op-1")
	unschedulable := `{"spec":{"unschedulable":true}}`

	// At kube-apiserver, a user cannot take the group, and has no right without it.
	taking := rest.CopyConfig(olga)
	taking.Impersonate = rest.ImpersonationConfig{UserName: "olga", Groups: []string{operators}}
	for way, config := range map[string]*rest.Config{"impersonating": taking, "herself": olga} {
		if a := patch(t, config, mergePatch, node.upstreamPath("op-1"), "", unschedulable); a.Code != 403 {
			t.Errorf("%s: kube-apiserver answers %d: %s", way, a.Code, a.Body)
		}
	}
	// Headers of hers do not reach kube-apiserver through the server.
	for _, headers := range [][]string{
		{"Impersonate-Group", operators}, {"Impersonate-User", "root", "Impersonate-Group", "system:masters"}, {"X-Remote-Group", operators},
	} {
		a := send(t, olga, http.MethodPatch, node.path("op-2"), unschedulable, append([]string{"Content-Type", string(mergePatch)}, headers...)...)
		direct := send(t, shared.DirectConfig(olga), http.MethodPatch, node.path("op-2"), unschedulable, append([]string{"Content-Type", string(mergePatch)}, headers...)...)
		if a.Code < 400 || direct.Code < 400 {
			t.Errorf("%v: got %d and directly %d", headers, a.Code, direct.Code)
		}
	}
	// One who has it from elsewhere, even if all grants are his, through kube-apiserver and directly.
	issued := shared.As(t, "olga", operators)
	for _, config := range []*rest.Config{issued, shared.DirectConfig(issued)} {
		a := patch(t, config, mergePatch, node.path("op-1"), "", unschedulable)
		d := send(t, config, http.MethodDelete, node.path("op-1"), "")
		if a.Code != 403 || d.Code != 403 || !strings.Contains(string(a.Body), "is reserved for the server") {
			t.Errorf("a user in the group: got %d and %d: %s", a.Code, d.Code, a.Body)
		}
	}
	// The server's own identity may not write.
	account := shared.ServerAccount(t)
	for _, k := range kinds {
		if a := patch(t, account, mergePatch, k.upstreamPath("op-1"), "", "{}"); a.Code != 403 {
			t.Errorf("the server itself may patch %s: %d", k.Upstream.Resource, a.Code)
		}
	}
	patch(t, olga, mergePatch, node.path("op-1"), "", unschedulable).Expect(t, 200)
}

// A server that may not impersonate says so, and tells users nothing about itself.
func TestWithoutTheRightToImpersonate(t *testing.T) {
	node := kinds[0]
	account := shared.As(t, "system:serviceaccount:e2e-plain:plain")
	shared.Create(t, tenant("plain", "{kind: User, name: paul, "+settings("List, Update")+"}")+node.object("plain-1", "plain", "")+`
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: e2e-plain}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tenantview-apiserver}
subjects: [{kind: ServiceAccount, name: plain, namespace: e2e-plain}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: e2e-plain, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: extension-apiserver-authentication-reader}
subjects: [{kind: ServiceAccount, name: plain, namespace: e2e-plain}]
`)
	s := shared.Serve(t, account, nil, "--enable-writes")
	s.WaitReady(t)
	paul := shared.DirectConfig(shared.As(t, "paul"))
	paul.Host = "https://" + s.Address
	waitShown(t, paul, node, "plain-1")
	a := patch(t, paul, mergePatch, node.path("plain-1"), "", `{"spec":{"unschedulable":true}}`)
	if a.Code != 500 || strings.Contains(string(a.Body), "e2e-plain") || !strings.Contains(string(a.Body), "not allowed to write as its users") {
		t.Errorf("got %d: %s", a.Code, a.Body)
	}
}

// Without the flag, discovery offers no verb that writes, and requests are refused.
func TestOffByDefault(t *testing.T) {
	node := kinds[0]
	verbs := func(config *rest.Config) map[string][]string {
		var list metav1.APIResourceList
		if err := json.Unmarshal(testcluster.Get(t, config, testcluster.Root).Expect(t, 200).Body, &list); err != nil {
			t.Fatal(err)
		}
		found := make(map[string][]string)
		for _, r := range list.APIResources {
			found[r.Name] = r.Verbs
		}
		return found
	}
	read, write := []string{"get", "list", "watch"}, []string{"delete", "get", "list", "patch", "update", "watch"}
	always := map[string][]string{"tenantnamespaces": read, "selftenantviewreviews": {"create"}, "tenantviewreviews": {"create"}}
	on, off := maps.Clone(always), maps.Clone(always)
	for _, k := range kinds {
		on[k.Resource()], off[k.Resource()] = write, read
	}
	if diff := cmp.Diff(on, verbs(shared.DirectConfig(shared.Admin))); diff != "" {
		t.Errorf("with --enable-writes (-want +got):\n%s", diff)
	}
	s := shared.Serve(t, shared.ServerAccount(t), nil)
	s.WaitReady(t)
	admin := shared.DirectConfig(shared.Admin)
	admin.Host = "https://" + s.Address
	if diff := cmp.Diff(off, verbs(admin)); diff != "" {
		t.Errorf("without (-want +got):\n%s", diff)
	}
	for method, path := range map[string]string{http.MethodPut: node.path("x"), http.MethodPatch: node.path("x"), http.MethodDelete: node.path("x"), http.MethodPost: node.Path()} {
		if a := send(t, admin, method, path, "{}", "Content-Type", string(mergePatch)); a.Code != 405 {
			t.Errorf("%s: got %d: %s", method, a.Code, a.Body)
		}
	}
}

// What RBAC allows for the upstream kind is done there: an administrator sees everything and changes it
// through the upstream resource.
func TestNativeRBACDoesNotWrite(t *testing.T) {
	node := kinds[0]
	shared.Create(t, node.object("native-1", "", ""))
	s := shared.Serve(t, shared.ServerAccount(t), nil, "--enable-writes")
	s.WaitReady(t)
	admin := shared.DirectConfig(shared.Admin)
	admin.Host = "https://" + s.Address
	waitShown(t, admin, node, "native-1")
	a := patch(t, admin, mergePatch, node.path("native-1"), "", `{"spec":{"unschedulable":true}}`).Expect(t, 403)
	if !strings.Contains(string(a.Body), "Rights on nodes themselves do not count here") {
		t.Errorf("got %s", a.Body)
	}
}

// Since Kubernetes 1.36, the right to impersonate can be limited to the requests that the server makes. Then
// its credentials are worth no more than these. kube-apiserver does not offer that for service accounts whose
// groups are named, so they cannot write then.
func TestConstrainedImpersonation(t *testing.T) {
	node := kinds[0]
	const name = "system:serviceaccount:e2e-constrained:server"
	account := shared.As(t, name)
	binding := func(role string) string {
		return fmt.Sprintf(`
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: e2e-constrained-%[1]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %[1]s}
subjects: [{kind: ServiceAccount, name: server, namespace: e2e-constrained}]
`, role)
	}
	shared.Create(t, tenant("cons", "{kind: User, name: cora, "+settings("List, Update")+"}")+node.object("cons-1", "cons", "")+`
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: e2e-constrained}
rules:
- {apiGroups: [authentication.k8s.io], resources: ["*"], verbs: ["impersonate:user-info"]}
- {apiGroups: [""], resources: [nodes], verbs: ["impersonate-on:user-info:patch"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: e2e-constrained, namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: extension-apiserver-authentication-reader}
subjects: [{kind: ServiceAccount, name: server, namespace: e2e-constrained}]
`+binding("e2e-constrained")+binding("tenantview-apiserver"))
	s := shared.Serve(t, account, nil, "--enable-writes")
	s.WaitReady(t)
	cora := shared.DirectConfig(shared.As(t, "cora"))
	cora.Host = "https://" + s.Address
	waitShown(t, cora, node, "cons-1")
	patch(t, cora, mergePatch, node.path("cons-1"), "", `{"spec":{"unschedulable":true}}`).Expect(t, 200)
	// A thief of the credentials can do no more than that.
	thief := rest.CopyConfig(account)
	thief.Impersonate = rest.ImpersonationConfig{UserName: "root", Groups: []string{"system:masters"}}
	if a := testcluster.Get(t, thief, "/api/v1/secrets"); a.Code != 403 {
		t.Errorf("secrets: got %d", a.Code)
	}
}
