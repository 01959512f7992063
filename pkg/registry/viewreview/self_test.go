// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package viewreview_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
)

// An administrator's selector can name labels of objects that the user does not see, and his rules
// others before the user's. Only an administrator learns them.
func TestSelfReviewTellsNoValuesOfAdministrators(t *testing.T) {
	f := newFixture(grants.DefaultPolicy(), false)
	f.put(t,
		`{apiVersion: v1, kind: Node, metadata: {name: n1, labels: {customer: carol, zone: a}}}`,
		`{apiVersion: v1, kind: Node, metadata: {name: n2, labels: {customer: acme, zone: a}}}`,
		`{apiVersion: capsule.clastix.io/v1beta1, kind: GlobalProxySettings, metadata: {name: customers}, spec: {rules: [
		  {subjects: [{kind: User, name: somebody}], clusterResources: [{apiGroups: [""], resources: [nodes], selector: {matchLabels: {customer: acme}}}]},
		  {subjects: [{kind: User, name: carol}], clusterResources: [
		    {apiGroups: [""], resources: [pods], selector: {matchLabels: {a: b}}},
		    {apiGroups: [""], resources: [nodes], selector: {matchLabels: {zone: a}, matchExpressions: [{key: customer, operator: NotIn, values: [acme, globex]}]}}]}]}}`)
	carol := withAuthenticated("carol")
	got := f.mustAsk(t, carol, v1alpha1.SelfTenantViewReviewSpec{Resource: "nodes"})
	want := []string{"You can list 1 Node, through 1 grant",
		"GlobalProxySettings customers: subject User carol, spec.rules [List]; label zone=… and not label customer in (…) (1)"}
	if diff := cmp.Diff(want, got.Status.Reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	text, err := json.Marshal(got.Status)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"acme", "globex", "[1]"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the answer has %q: %s", secret, text)
		}
	}
	about, err := f.askAbout(carol, v1alpha1.SelfTenantViewReviewSpec{Resource: "nodes"})
	if err != nil {
		t.Fatal(err)
	}
	if g := about.Status.Grants; len(g) != 1 || !strings.Contains(g[0].Selects, "acme, globex") || g[0].Path != "spec.rules[1].clusterResources[1]" {
		t.Errorf("an administrator gets %+v", g)
	}
}

// solar is a Tenant with everything that grants: alice owns it, carol is a guest, and dave is in a group
// of a GlobalProxySettings. The Tenant also has what they must not learn.
var solar = []string{
	`{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, metadata: {name: solar, uid: u}, spec: {owners: [
	  {kind: User, name: zoe},
	  {kind: User, name: alice, proxySettings: [{kind: StorageClasses, operations: [List, Update]}, {kind: Nodes, operations: [List]}]}],
	  storageClasses: {default: standard, allowed: [gold, secret], allowedRegex: "^solar-", matchLabels: {tier: shared}}, nodeSelector: {pool: solar}}}`,
	`{apiVersion: v1, kind: Namespace, metadata: {name: solar-web, ownerReferences: [{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, name: solar, uid: u}]}}`,
	`{apiVersion: v1, kind: Namespace, metadata: {name: other}}`,
	`{apiVersion: capsule.clastix.io/v1beta1, kind: ProxySetting, metadata: {name: guests, namespace: solar-web}, spec: {subjects: [
	  {kind: User, name: mallory, clusterResources: [{apiGroups: ["*"], resources: ["*"], selector: {matchLabels: {hidden: from-carol}}}]},
	  {kind: User, name: carol, clusterResources: [{apiGroups: ["*"], resources: [storageclasses], selector: {matchLabels: {for: guests}}}]}]}}`,
	`{apiVersion: capsule.clastix.io/v1beta1, kind: GlobalProxySettings, metadata: {name: platform}, spec: {rules: [
	  {subjects: [{kind: Group, name: platform}, {kind: User, name: zoe}], clusterResources: [
	    {apiGroups: [""], resources: [nodes], operations: [Get], selector: {matchExpressions: [{key: pool, operator: Exists}]}}]}]}}`,
	`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: view}, rules: [{apiGroups: [""], resources: [namespaces], verbs: [get]}]}`,
	`{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: erin-view, namespace: solar-web}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view},
	  subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: erin}]}`,
	`{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: gold, labels: {for: guests}}}`,
	`{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: secret}}`,
	`{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: foreign, labels: {for: guests}}}`,
	`{apiVersion: v1, kind: Node, metadata: {name: solar-1, labels: {pool: solar}}}`,
	`{apiVersion: v1, kind: Node, metadata: {name: wind-1, labels: {pool: wind}}}`,
}

func newSolar(t *testing.T, writes bool) *fixture {
	t.Helper()
	f := newFixture(grants.DefaultPolicy(), writes)
	f.put(t, solar...)
	return f
}

const ofSolar = "spec.storageClasses: label tier=shared or name in (gold, secret, standard) or name matching ^solar-"

func TestSelfReview(t *testing.T) {
	for name, tc := range map[string]struct {
		user    *user.DefaultInfo
		native  string
		spec    v1alpha1.SelfTenantViewReviewSpec
		writes  bool
		allowed bool
		want    []string
	}{
		"an owner": {
			user: withAuthenticated("alice"), spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "sc", Name: "gold"}, allowed: true,
			want: []string{`You can list, watch and get StorageClass "gold", through 1 grant`, "Tenant solar: owner User alice, proxySettings StorageClasses [List, Update]; " + ofSolar},
		},
		"all grants": {
			user: withAuthenticated("alice"), spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "storageclasses.storage.k8s.io"}, allowed: true,
			want: []string{"You can list 2 StorageClasses, through 1 grant", "Tenant solar: owner User alice, proxySettings StorageClasses [List, Update]; " + ofSolar + " (2)"},
		},
		"hidden": {
			user: withAuthenticated("alice"), spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "Node", Name: "wind-1"},
			want: []string{`Node "wind-1" does not exist, or is not visible to you`, "You can list 1 Node, through 1 grant", "Tenant solar: owner User alice, proxySettings Nodes [List]; spec.nodeSelector: label pool=solar"},
		},
		"no grant": {
			user: withAuthenticated("bob"), spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "tenantnodes"},
			want: []string{"You can see no Nodes: an owner of a Tenant needs Nodes with List in the proxySettings of his entry in the Tenant, and others need a ProxySetting"},
		},
		// carol must not learn what the Tenant may see beyond her rule, nor who else is a guest.
		"a guest": {
			user: withAuthenticated("carol"), spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "tsc"}, allowed: true,
			want: []string{"You can list 1 StorageClass, through 1 grant", "ProxySetting solar-web/guests of Tenant solar: subject User carol, clusterResources[0] [List]; label for=guests, of what Tenant solar may see (1)"},
		},
		"a guest's namespaces": {
			user: withAuthenticated("carol"), spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "ns", Name: "solar-web"}, allowed: true,
			want: []string{`You can list, watch and get Namespace "solar-web", through 1 grant`, "ProxySetting solar-web/guests of Tenant solar: subject User carol [List]; belonging to Tenant solar"},
		},
		"get without list": {
			user: withAuthenticated("dave", "platform"), spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "no", Name: "wind-1"},
			want: []string{`You can get Node "wind-1" by its name, but lists do not show it: the operations have Get without List`, "GlobalProxySettings platform: subject Group platform, spec.rules [Get]; label pool"},
		},
		"get": {
			user: withAuthenticated("dave", "platform"), spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "no", Name: "wind-1", Operation: "Get"}, allowed: true,
			want: []string{`You can get Node "wind-1", through 1 grant`, "GlobalProxySettings platform: subject Group platform, spec.rules [Get]; label pool"},
		},
		"a role binding": {
			user: withAuthenticated("erin"), spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "tns"}, allowed: true,
			want: []string{"You can list 1 Namespace, through 1 grant", "RoleBinding solar-web/erin-view of Tenant solar: subject User erin [List]; name solar-web (1)"},
		},
		"RBAC": {
			user: withAuthenticated("root"), native: "root list nodes", spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "nodes", Name: "wind-1"}, allowed: true,
			want: []string{`You can list, watch and get Node "wind-1", through 1 grant`, "RBAC lets you list all Nodes"},
		},
		"RBAC for one name": {
			user: withAuthenticated("root"), native: "root get nodes wind-1", spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "nodes", Name: "wind-1", Operation: "Get"}, allowed: true,
			want: []string{`You can get Node "wind-1", through 1 grant`, `RBAC lets you get Node "wind-1"`},
		},
		"update": {
			user: withAuthenticated("alice"), spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "sc", Name: "gold", Operation: "Update"}, writes: true, allowed: true,
			want: []string{`You can update StorageClass "gold", through 1 grant`, "Tenant solar: owner User alice, proxySettings StorageClasses [List, Update]; " + ofSolar},
		},
		"update without writes": {
			user: withAuthenticated("alice"), spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "sc", Name: "gold", Operation: "Update"},
			want: []string{`You can see StorageClass "gold", but this server does not serve the operation Update on StorageClasses`, "Tenant solar: owner User alice, proxySettings StorageClasses [List, Update]; " + ofSolar},
		},
		"delete without the operation": {
			user: withAuthenticated("alice"), spec: v1alpha1.SelfTenantViewReviewSpec{Resource: "sc", Name: "gold", Operation: "Delete"}, writes: true,
			want: []string{`You can see StorageClass "gold", but not delete it: no grant that shows it has both List and Delete. RBAC on the upstream resource does not count for that here`, "Tenant solar: owner User alice, proxySettings StorageClasses [List, Update]; " + ofSolar},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newSolar(t, tc.writes)
			f.native.allowed = map[string]bool{tc.native: true}
			got := f.mustAsk(t, tc.user, tc.spec)
			if diff := cmp.Diff(tc.want, got.Status.Reasons); diff != "" || got.Status.Allowed != tc.allowed {
				t.Errorf("allowed %v, want %v; reasons (-want +got):\n%s", got.Status.Allowed, tc.allowed, diff)
			}
			if diff := cmp.Diff(tc.spec, got.Spec); diff != "" {
				t.Errorf("spec (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStructuredGrants(t *testing.T) {
	f := newSolar(t, false)
	one := int32(1)
	want := []v1alpha1.TenantViewGrant{{
		Source: "ProxySetting", Tenant: "solar", Namespace: "solar-web", Name: "guests", Path: "clusterResources[0]",
		Subject: &v1alpha1.TenantViewSubject{Kind: "User", Name: "carol"}, Operations: []string{"List"},
		Selects: "label for=guests, of what Tenant solar may see", Objects: &one,
	}}
	got := f.mustAsk(t, withAuthenticated("carol"), v1alpha1.SelfTenantViewReviewSpec{Resource: "sc"})
	if diff := cmp.Diff(want, got.Status.Grants); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
}

// A user learns the grants that hold for him, and nothing about other users, their rules, and objects
// that he does not see.
func TestAnswersNameNothingElse(t *testing.T) {
	f := newSolar(t, true)
	for u, secrets := range map[string][]string{
		"carol": {"mallory", "hidden", "zoe", "alice", "secret", "standard", "^solar-", "foreign", "subjects[1]"},
		"alice": {"mallory", "carol", "guests", "zoe", "erin", "owners[1]", "foreign", "wind"},
		"erin":  {"alice", "carol", "guests", "zoe", "secret"},
		"bob":   {"solar", "platform", "alice", "guests"},
	} {
		for _, resource := range []string{"ns", "sc", "no", "pv"} {
			for _, name := range []string{"", "absent"} {
				for _, op := range []string{"List", "Get", "Update", "Delete"} {
					got := f.mustAsk(t, withAuthenticated(u), v1alpha1.SelfTenantViewReviewSpec{Resource: resource, Name: name, Operation: op})
					data, err := json.Marshal(got.Status)
					if err != nil {
						t.Fatal(err)
					}
					for _, secret := range secrets {
						// The owner of a Tenant learns what the Tenant may see, which is what he sees.
						if strings.Contains(string(data), secret) {
							t.Errorf("%s learns %q: %s", u, secret, data)
						}
					}
				}
			}
		}
	}
}

func TestInvalidQuestions(t *testing.T) {
	f := newSolar(t, false)
	for _, tc := range []struct {
		spec v1alpha1.SelfTenantViewReviewSpec
		want string
	}{
		{v1alpha1.SelfTenantViewReviewSpec{}, `spec.resource: Required value: must be one of tenantingressclasses, tenantnamespaces, `},
		{v1alpha1.SelfTenantViewReviewSpec{Resource: "pods"}, `spec.resource: Unsupported value: "pods": supported values: "tenantingressclasses", "tenantnamespaces", `},
		{v1alpha1.SelfTenantViewReviewSpec{Resource: strings.Repeat("p", 1000)}, `ppp...": supported values`},
		{v1alpha1.SelfTenantViewReviewSpec{Resource: "ns", Operation: "list"}, `spec.operation: Unsupported value: "list": supported values: "List", "Get", "Update", "Delete"`},
		{v1alpha1.SelfTenantViewReviewSpec{Resource: "ns", Name: "a/b"}, `spec.name: Invalid value: "a/b": may not contain '/'`},
		{v1alpha1.SelfTenantViewReviewSpec{Resource: "ns", Name: strings.Repeat("a", 254)}, `spec.name: Too long`},
	} {
		_, err := f.ask(withAuthenticated("alice"), tc.spec)
		if codeOf(err) != 422 || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: error %v, want %q in it", tc.spec, err, tc.want)
		}
		if _, err := f.askAbout(withAuthenticated("alice"), tc.spec); codeOf(err) != 422 || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v, asked by an administrator: error %v, want %q in it", tc.spec, err, tc.want)
		}
	}
	if _, err := f.askAbout(&user.DefaultInfo{}, v1alpha1.SelfTenantViewReviewSpec{Resource: "ns"}); codeOf(err) != 422 {
		t.Errorf("a review about nobody: %v", err)
	}
	if _, err := f.self.Create(context.Background(), &v1alpha1.SelfTenantViewReview{}, nil, nil); codeOf(err) != 401 {
		t.Errorf("a review without a user: %v", err)
	}
}

// A review fails as a request would, if kube-apiserver does not say what RBAC allows.
func TestReviewsFailAsRequestsDo(t *testing.T) {
	f := newSolar(t, false)
	f.native.err = accessreview.ErrUnknown
	for u, want := range map[string]int32{"bob": 503, "alice": 0} {
		_, err := f.ask(withAuthenticated(u), v1alpha1.SelfTenantViewReviewSpec{Resource: "sc"})
		if codeOf(err) != want {
			t.Errorf("%s: %v, want %d", u, err, want)
		}
	}
	f.native.err = fmt.Errorf("guessing: %w", accessreview.ErrTooManyNames)
	if _, err := f.ask(withAuthenticated("alice"), v1alpha1.SelfTenantViewReviewSpec{Resource: "sc", Name: "foreign"}); codeOf(err) != 429 {
		t.Errorf("too many names: %v", err)
	}
	if !errors.Is(f.native.err, accessreview.ErrTooManyNames) {
		t.Fatal(f.native.err)
	}
}

// What a user could make large is bounded: an answer lists 100 grants.
func TestManyGrants(t *testing.T) {
	f := newSolar(t, false)
	rules := make([]string, 150)
	for i := range rules {
		rules[i] = fmt.Sprintf(`{apiGroups: ["*"], resources: [nodes], selector: {matchLabels: {pool: solar, n: "%d"}}}`, i)
	}
	f.put(t, `{apiVersion: capsule.clastix.io/v1beta1, kind: ProxySetting, metadata: {name: many, namespace: solar-web}, spec: {subjects: [{kind: User, name: frank, clusterResources: [`+strings.Join(rules, ", ")+`]}]}}`)
	got := f.mustAsk(t, withAuthenticated("frank"), v1alpha1.SelfTenantViewReviewSpec{Resource: "nodes"}).Status
	if len(got.Grants) != 100 || len(got.Reasons) != 22 || got.Reasons[21] != "130 grants more; at most 100 are listed" {
		t.Errorf("%d grants, reasons %q", len(got.Grants), got.Reasons[len(got.Reasons)-1])
	}
}
