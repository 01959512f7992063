// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// request is a request that the command has sent.
type request struct {
	Method, Path string
	// User and Groups are those whom the command impersonates.
	User   string
	Groups []string
	Body   v1alpha1.TenantViewReview
}

// run runs the command against a server that answers every review with this status.
func run(t *testing.T, status v1alpha1.TenantViewReviewStatus, args ...string) (output string, sent []request, err error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := request{Method: r.Method, Path: r.URL.Path, User: r.Header.Get("Impersonate-User"), Groups: r.Header.Values("Impersonate-Group")}
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &got.Body); err != nil {
			t.Errorf("%v in %s", err, body)
		}
		sent = append(sent, got)
		w.Header().Set("Content-Type", "application/json")
		if status.Reasons == nil {
			w.WriteHeader(http.StatusNotFound)
			_ = json.NewEncoder(w).Encode(metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonNotFound, Code: 404, Message: "the server could not find the requested resource"})
			return
		}
		answer := got.Body
		answer.Status = status
		_ = json.NewEncoder(w).Encode(answer)
	}))
	defer server.Close()
	t.Setenv("KUBECONFIG", "/dev/null")
	out := &bytes.Buffer{}
	cmd := newCommand(genericiooptions.IOStreams{In: strings.NewReader(""), Out: out, ErrOut: out})
	cmd.SetArgs(append(args, "--server", server.URL, "--cache-dir", t.TempDir()))
	err = cmd.ExecuteContext(t.Context())
	return out.String(), sent, err
}

func TestWhyAsksAboutTheUserHimself(t *testing.T) {
	status := v1alpha1.TenantViewReviewStatus{}
	status.Reasons = []string{`Node "n1" does not exist, or is not visible to you`, "You can list 2 Nodes, through 1 grant"}
	for _, args := range [][]string{{"why", "no", "n1"}, {"why", "Node/n1"}, {"why", "tenantnodes.tenantview.capsule.dev", "n1"}} {
		out, sent, err := run(t, status, append(args, "--as", "alice", "--as-group", "devs")...)
		if err != nil {
			t.Fatal(err)
		}
		want := request{Method: http.MethodPost, Path: "/apis/tenantview.capsule.dev/v1alpha1/selftenantviewreviews", User: "alice", Groups: []string{"devs"}}
		want.Body.Spec.Resource, want.Body.Spec.Name = "tenantnodes", "n1"
		want.Body.TypeMeta = sent[0].Body.TypeMeta
		if diff := cmp.Diff([]request{want}, sent); diff != "" {
			t.Errorf("%v: requests (-want +got):\n%s", args, diff)
		}
		if want := "No. Node \"n1\" does not exist, or is not visible to you\n  You can list 2 Nodes, through 1 grant\n"; out != want {
			t.Errorf("%v prints %q, want %q", args, out, want)
		}
	}
}

func TestWhyAsksAsAnAdministrator(t *testing.T) {
	status := v1alpha1.TenantViewReviewStatus{NearMisses: []v1alpha1.TenantViewNearMiss{{Source: "Tenant", Name: "solar", Path: "spec.owners[0]", Reason: "it names Alice"}}}
	status.Reasons = []string{"It exists"}
	out, sent, err := run(t, status, "why", "sc", "gold", "--about", "alice", "--about-group", "devs", "--operation", "Update")
	if err != nil {
		t.Fatal(err)
	}
	want := v1alpha1.TenantViewReviewSpec{User: "alice", Groups: []string{"devs", "system:authenticated"}}
	want.Resource, want.Name, want.Operation = "tenantstorageclasses", "gold", "Update"
	if diff := cmp.Diff(want, sent[0].Body.Spec); diff != "" || !strings.HasSuffix(sent[0].Path, "/tenantviewreviews") {
		t.Errorf("%s: (-want +got):\n%s", sent[0].Path, diff)
	}
	if want := "No. It exists\nWhat almost grants it:\n  Tenant solar, spec.owners[0]: it names Alice\n"; out != want {
		t.Errorf("printed %q, want %q", out, want)
	}
}

func TestGrants(t *testing.T) {
	three := int32(3)
	status := v1alpha1.TenantViewReviewStatus{}
	status.Reasons = []string{"You can list"}
	status.Grants = []v1alpha1.TenantViewGrant{
		{Source: "Tenant", Tenant: "solar", Path: "proxySettings", Subject: &v1alpha1.TenantViewSubject{Kind: "User", Name: "alice"}, Operations: []string{"List", "Update"}, Objects: &three, Selects: "spec.nodeSelector: label pool=solar"},
		{Source: "RBAC", Operations: []string{"Get"}, Selects: "name n1"},
	}
	out, sent, err := run(t, status, "grants", "nodes")
	if err != nil || len(sent) != 1 {
		t.Fatal(err, sent)
	}
	want := `KIND    GRANTED BY                    TO           OPERATIONS    OBJECTS   SELECTS
nodes   Tenant solar, proxySettings   User alice   List,Update   3         spec.nodeSelector: label pool=solar
nodes   RBAC                                       Get           -         name n1
`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	if _, sent, err = run(t, status, "grants"); err != nil || len(sent) != len(kinds) {
		t.Errorf("grants asks %d times: %v", len(sent), err)
	}
	out, _, err = run(t, status, "grants", "-o", "json")
	list := &metav1.List{}
	if jsonErr := json.Unmarshal([]byte(out), list); err != nil || jsonErr != nil || len(list.Items) != len(kinds) {
		t.Errorf("-o json prints %s (%v, %v)", out, err, jsonErr)
	}
}

// What concerns all kinds is printed once.
func TestGrantsOfAStranger(t *testing.T) {
	status := v1alpha1.TenantViewReviewStatus{NearMisses: []v1alpha1.TenantViewNearMiss{{Source: "Tenant", Name: "solar", Path: "spec.owners[0]", Reason: "it names Alice"}}}
	status.Reasons = []string{"The user can see no Namespaces"}
	out, _, err := run(t, status, "grants", "--about", "alice")
	want := "The user can see no Namespaces\nIt is the same with all other kinds. Your administrator can find out more with: kubectl tenantview grants --about USER\n" +
		"\nWhat almost grants something:\n  Tenant solar, spec.owners[0]: it names Alice\n"
	if diff := cmp.Diff(want, out); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// A user who has never heard of aggregated API servers learns what to do.
func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"why", "pods", "p"}, `"pods" is none of the kinds that tenantview shows: namespaces (ns)`},
		{[]string{"why", "nodes"}, "kubectl tenantview why nodes NAME"},
		{[]string{"why", "no/n1", "n2"}, "give one object"},
		{[]string{"get", "ns,pods"}, `"pods" is none of the kinds`},
		{[]string{"grants", "secrets"}, `"secrets" is none of the kinds`},
		{[]string{"why", "nodes", "n1"}, "tenantview is not installed"},
		{[]string{"grants"}, "tenantview is not installed"},
	} {
		if _, _, err := run(t, v1alpha1.TenantViewReviewStatus{}, tc.args...); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v: error %v, want %q in it", tc.args, err, tc.want)
		}
	}
}

func TestKindsOfGet(t *testing.T) {
	for args, want := range map[string]string{
		"":                "tenantview",
		"ns":              "tenantnamespaces",
		"ns,sc":           "tenantnamespaces,tenantstorageclasses",
		"no ic pv":        "tenantnodes ic pv", // these are names
		"ic/a rc/b pc/no": "tenantingressclasses/a tenantruntimeclasses/b tenantpriorityclasses/no",
		"tenantview":      "tenantview",
	} {
		got, err := served(strings.Fields(args))
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q is %q (%v), want %q", args, got, err, want)
		}
	}
}

// Each command has one example that shows how it is called.
func TestHelp(t *testing.T) {
	cmd := newCommand(genericiooptions.NewTestIOStreamsDiscard())
	names := []string{}
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
		if !strings.Contains(c.Example, "kubectl tenantview "+c.Name()) || c.Long == "" {
			t.Errorf("%s has the example %q", c.Name(), c.Example)
		}
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"get", "grants", "why"}, names); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}
