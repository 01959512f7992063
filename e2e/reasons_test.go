// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/build"
	"capsule.dev/tenantview/e2e/testcluster"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// reviews are the kinds that explain what users see.
var reviews = []string{"SelfTenantViewReview", "TenantViewReview"}

// ask creates a review of alice's or, as a user, of others, and returns the response.
func ask(t *testing.T, config *rest.Config, kind string, spec any) testcluster.Answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"apiVersion": v1alpha1.SchemeGroupVersion.String(), "kind": kind, "spec": spec})
	if err != nil {
		t.Fatal(err)
	}
	a, err := testcluster.Send(t.Context(), config, http.MethodPost, testcluster.Root+"/"+strings.ToLower(kind)+"s", body, "Content-Type", "application/json")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Every user may ask about himself. He gets the same answer for a hidden object and for one that does not
// exist. Only those who may create TenantViewReviews may ask about others.
func TestReasons(t *testing.T) {
	arrange(t, solarAndWind)
	alice := shared.As(t, "alice")
	answers := map[string]v1alpha1.SelfTenantViewReview{}
	for _, name := range []string{"solar-1", "wind-1", "none-1"} {
		var got v1alpha1.SelfTenantViewReview
		a := ask(t, alice, "SelfTenantViewReview", v1alpha1.SelfTenantViewReviewSpec{Resource: "nodes", Name: name}).Expect(t, 201)
		if err := json.Unmarshal([]byte(strings.ReplaceAll(string(a.Body), name, "NAME")), &got); err != nil {
			t.Fatal(err)
		}
		answers[name] = got
	}
	if diff := cmp.Diff(answers["none-1"], answers["wind-1"]); diff != "" {
		t.Errorf("answers (-absent +hidden):\n%s", diff)
	}
	want := []string{`You can list, watch and get Node "NAME", through 1 grant`, "Tenant solar: owner User alice, proxySettings Nodes [List]; spec.nodeSelector: label pool=solar"}
	if diff := cmp.Diff(want, answers["solar-1"].Status.Reasons); diff != "" || !answers["solar-1"].Status.Allowed {
		t.Errorf("reasons for her node (-want +got):\n%s", diff)
	}

	about := v1alpha1.TenantViewReviewSpec{User: "Alice", Groups: []string{"system:authenticated"}}
	about.Resource, about.Name = "nodes", "solar-1"
	ask(t, alice, "TenantViewReview", about).Expect(t, 403)
	var got v1alpha1.TenantViewReview
	if err := json.Unmarshal(ask(t, shared.Admin, "TenantViewReview", about).Expect(t, 201).Body, &got); err != nil {
		t.Fatal(err)
	}
	if got.Status.Allowed || !*got.Status.Exists || len(got.Status.NearMisses) != 1 || !strings.Contains(got.Status.NearMisses[0].Reason, "names must be equal in case") {
		t.Errorf("the administrator gets %+v", got.Status)
	}

	// kubectl would read the cluster's CRDs to find out whether the server validates fields, because nobody
	// can patch a review. As with a SelfSubjectAccessReview, users must tell it not to.
	file := filepath.Join(t.TempDir(), "review.yaml")
	review := "{apiVersion: tenantview.capsule.dev/v1alpha1, kind: SelfTenantViewReview, spec: {resource: sc, name: tin}}"
	if err := os.WriteFile(file, []byte(review), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := shared.kubectl(t, shared.Admin, "create", "-f", file, "-o", "yaml"); !strings.Contains(out, "RBAC lets you list all StorageClasses") {
		t.Errorf("kubectl create -o yaml prints %s", out)
	}
	if out := shared.kubectl(t, alice, "create", "-f", file, "-o", "yaml", "--validate=false"); !strings.Contains(out, `StorageClass "tin" does not exist, or is not visible to you`) {
		t.Errorf("kubectl create -o yaml prints %s", out)
	}
	if out := shared.kubectl(t, alice, "explain", "selftenantviewreview.status.grants"); !strings.Contains(out, "selects") {
		t.Errorf("kubectl explain prints %s", out)
	}
}

// kubectl finds the plugin, which answers with the rights of its user, and completes names.
func TestPlugin(t *testing.T) {
	arrange(t, solarAndWind)
	root, err := build.RepositoryRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	binDir := filepath.Join(root, ".run", "bin")
	if err := build.Plugin(t.Context(), root, binDir); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", binDir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	alice := shared.As(t, "alice")
	for _, tc := range []struct {
		config *rest.Config
		args   string
		want   string
	}{
		{alice, "why storageclass gold", "Yes. You can list, watch and get StorageClass \"gold\", through 1 grant\n" +
			"  Tenant solar: owner User alice, proxySettings StorageClasses [List]; spec.storageClasses: name in (gold, standard)\n"},
		{alice, "why no/wind-1", "No. Node \"wind-1\" does not exist, or is not visible to you\n  You can list 2 Nodes, through 1 grant\n" +
			"  Tenant solar: owner User alice, proxySettings Nodes [List]; spec.nodeSelector: label pool=solar\n"},
		{shared.Admin, "why ns solar-a --as bob --as-group devs", "No. Namespace \"solar-a\" does not exist, or is not visible to you\n" +
			"  You can list 1 Namespace, through 1 grant\n  Tenant wind: owner User bob [List]; belonging to Tenant wind\n"},
		{shared.Admin, "why ns solar-a --about bob", "No. Namespace \"solar-a\" exists, but no grant shows it to the user\n  The user can list 1 Namespace, through 1 grant\n" +
			"  Tenant wind: owner User bob, spec.owners[0] [List]; belonging to Tenant wind\n  It belongs to the Tenant solar\n"},
		{alice, "grants ns", "KIND         GRANTED BY     TO           OPERATIONS   OBJECTS   SELECTS\n" +
			"namespaces   Tenant solar   User alice   List         2         belonging to Tenant solar\n"},
		{alice, "get rc,ic -o name", "tenantruntimeclass.tenantview.capsule.dev/kata\ntenantingressclass.tenantview.capsule.dev/internal\ntenantingressclass.tenantview.capsule.dev/public\n"},
		{alice, "get pv solar-data -o jsonpath={.metadata.name}", "solar-data"},
	} {
		out := shared.kubectl(t, tc.config, append([]string{"tenantview"}, strings.Fields(tc.args)...)...)
		if diff := cmp.Diff(tc.want, out); diff != "" {
			t.Errorf("kubectl tenantview %s (-want +got):\n%s", tc.args, diff)
		}
	}
	// Ages may differ by a second.
	testcluster.Eventually(t, "kubectl tenantview get prints what kubectl get prints", func() error {
		got, want := shared.kubectl(t, alice, "tenantview", "get", "no", "-o", "wide"), shared.kubectl(t, alice, "get", "tenantnodes", "-o", "wide")
		if diff := cmp.Diff(want, got); diff != "" {
			return missing("(-kubectl get +plugin):\n" + diff)
		}
		return nil
	})
	out := shared.kubectl(t, alice, "tenantview", "get", "-o", "name")
	for _, k := range kinds {
		if !strings.Contains(out, strings.ToLower(k.Kind())+".") {
			t.Errorf("kubectl tenantview get has no %s: %s", k.Kind(), out)
		}
		if _, stderr, err := shared.tryKubectl(t, alice, "tenantview", "grants", k.Upstream.Resource); err != nil {
			t.Errorf("kubectl tenantview grants %s: %v %s", k.Upstream.Resource, err, stderr)
		}
	}
	if _, stderr, err := shared.tryKubectl(t, alice, "tenantview", "why", "ns", "solar-a", "--about", "bob"); err == nil || !strings.Contains(stderr, "cannot create resource") {
		t.Errorf("alice asks about bob: %v %s", err, stderr)
	}
	if out := shared.kubectl(t, alice, "__complete", "tenantview", "why", "storageclass", "g"); !strings.HasPrefix(out, "gold\n:") {
		t.Errorf("completion of a name prints %q", out)
	}
}
