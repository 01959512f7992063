// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package writes

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/testcluster"
)

// operations are what a subject is granted for every kind.
type operations struct{ id, list string }

func (o operations) has(operation string) bool { return strings.Contains(o.list, operation) }

// Update and Delete count only together with List.
func (o operations) see() bool    { return o.has("List") }
func (o operations) update() bool { return o.see() && o.has("Update") }
func (o operations) delete() bool { return o.see() && o.has("Delete") }

var allOperations = []operations{
	{"none", ""}, {"list", "List"}, {"update", "List, Update"}, {"delete", "List, Delete"}, {"onlyupdate", "Update"}, {"onlydelete", "Delete"},
}

// ways are how a user gets the operations. Each returns the objects that grant them, and the user's name
// and groups.
var ways = map[string]func(id string, o operations) (source, name, group string){
	"user": func(id string, o operations) (string, string, string) {
		return tenant(id, "{kind: User, name: "+id+", "+settings(o.list)+"}"), id, ""
	},
	"group": func(id string, o operations) (string, string, string) {
		return tenant(id, "{kind: Group, name: "+id+"-devs, "+settings(o.list)+"}"), id, id + "-devs"
	},
	"account": func(id string, o operations) (string, string, string) {
		name := "system:serviceaccount:e2e-writes:" + id
		return tenant(id, "{kind: ServiceAccount, name: \""+name+"\", "+settings(o.list)+"}"), name, ""
	},
	"setting": func(id string, o operations) (string, string, string) {
		return tenant(id, "{kind: User, name: "+id+"-owner}") + fmt.Sprintf(`
---
apiVersion: v1
kind: Namespace
metadata:
  name: %[1]s
  ownerReferences: [{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, name: %[1]s, uid: "uid-of-tenant:%[1]s"}]
---
apiVersion: capsule.clastix.io/v1beta1
kind: ProxySetting
metadata: {name: s, namespace: %[1]s}
spec: {subjects: [{kind: User, name: %[1]s, %[2]s}]}
`, id, settings(o.list)), id, ""
	},
}

// For each kind, operations and way to get them: what a user may do with his own objects, with those of
// another Tenant, and with those of none.
func TestMatrix(t *testing.T) {
	others := tenant("mx-foreign", "{kind: User, name: mx-foreign, "+settings("List, Update, Delete")+"}")
	for _, k := range kinds {
		others += k.object("mx-foreign", "mx-foreign", "") + k.object("mx-unlisted", "", "")
	}
	shared.Create(t, others)
	type subject struct {
		id   string
		ops  operations
		user *rest.Config
	}
	var subjects []subject
	source := ""
	for way, grant := range ways {
		for _, o := range allOperations {
			id := "mx-" + way + "-" + o.id
			granted, name, group := grant(id, o)
			source += granted
			for _, k := range kinds {
				source += k.object(id, id, "")
			}
			var groups []string
			if group != "" {
				groups = append(groups, group)
			}
			subjects = append(subjects, subject{id, o, shared.As(t, name, groups...)})
		}
	}
	shared.Create(t, source)
	for _, s := range subjects {
		for _, k := range kinds {
			if s.ops.see() {
				waitShown(t, s.user, k, s.id)
			}
		}
	}
	for _, s := range subjects {
		t.Run(s.id, func(t *testing.T) {
			for _, k := range kinds {
				row(t, k, s.user, s.id, s.ops)
			}
		})
	}
}

// row checks one row of the matrix. own is the name of the user's object.
func row(t *testing.T, k kind, user *rest.Config, own string, o operations) {
	t.Helper()
	expect := func(what string, a testcluster.Answer, code int) {
		t.Helper()
		if a.Code != code {
			t.Errorf("%s %s: got %d, want %d: %s", what, k.Resource(), a.Code, code, a.Body)
		}
		if code == http.StatusForbidden && !strings.Contains(string(a.Body), "has the operation") {
			t.Errorf("%s %s: the error does not say what is missing: %s", what, k.Resource(), a.Body)
		}
	}
	// codeIf returns the status of a request for the user's own object.
	codeIf := func(allowed bool) int {
		switch {
		case !o.see():
			return http.StatusNotFound
		case !allowed:
			return http.StatusForbidden
		default:
			return http.StatusOK
		}
	}
	var want []string
	if o.see() {
		want = []string{own}
	}
	if got := testcluster.Names(testcluster.Get(t, user, k.Path()).List(t)); !slices.Equal(got, want) {
		t.Errorf("list of %s: got %v, want %v", k.Resource(), got, want)
	}
	writes := map[string]struct {
		send func(name string) testcluster.Answer
		code int
		// done returns whether the write has had an effect on the user's object.
		done func(*testcluster.Object) bool
	}{
		"get": {func(name string) testcluster.Answer { return testcluster.Get(t, user, k.path(name)) }, codeIf(true), nil},
		"label": {func(name string) testcluster.Answer {
			return patch(t, user, types.MergePatchType, k.path(name), "", `{"metadata":{"labels":{"labelled":"yes"}}}`)
		}, codeIf(o.update()), func(u *testcluster.Object) bool { return u.GetLabels()["labelled"] == "yes" }},
		"apply": {func(name string) testcluster.Answer {
			return patch(t, user, types.ApplyPatchType, k.path(name), "fieldManager=me",
				fmt.Sprintf(`{"apiVersion":"tenantview.capsule.dev/v1alpha1","kind":%q,"metadata":{"name":%q,"annotations":{"applied":"yes"}}%s}`, k.Kind(), name, k.required()))
		}, codeIf(o.update()), func(u *testcluster.Object) bool { return u.GetAnnotations()["applied"] == "yes" }},
		"delete with dry run": {func(name string) testcluster.Answer {
			return send(t, user, http.MethodDelete, k.path(name)+"?dryRun=All", "")
		}, codeIf(o.delete()), nil},
	}
	if k.UpstreamKind == "Node" {
		cordon := writes["label"]
		cordon.send = func(name string) testcluster.Answer {
			return patch(t, user, types.StrategicMergePatchType, k.path(name), "", `{"spec":{"unschedulable":true,"taints":[{"key":"a","effect":"NoExecute"}]}}`)
		}
		cordon.done = func(u *testcluster.Object) bool {
			_, tainted, _ := unstructured.NestedSlice(u.Object, "spec", "taints")
			return tainted
		}
		writes["cordon and taint"] = cordon
	}
	for what, w := range writes {
		absent := w.send("mx-absent0")
		expect(what+" of an absent one in", absent, http.StatusNotFound)
		for _, other := range []string{"mx-foreign", "mx-unlisted"} {
			a := w.send(other)
			expect(what+" of "+other+" in", a, http.StatusNotFound)
			if got, want := string(a.Body), strings.ReplaceAll(string(absent.Body), "mx-absent0", other); got != want {
				t.Errorf("%s of %s in %s: got %s, want %s", what, other, k.Resource(), got, want)
			}
		}
		expect(what, w.send(own), w.code)
		if w.done != nil {
			if done := w.done(upstream(t, k, own)); done != (w.code == http.StatusOK) {
				t.Errorf("%s of %s: done: %v after status %d", what, k.Resource(), done, w.code)
			}
		}
	}
	for _, other := range []string{"mx-foreign", "mx-unlisted"} {
		expect("delete of "+other+" in", send(t, user, http.MethodDelete, k.path(other), ""), http.StatusNotFound)
		upstream(t, k, other)
	}
	upstream(t, k, own) // not even a dry run has deleted it
	expect("delete", send(t, user, http.MethodDelete, k.path(own), ""), codeIf(o.delete()))
	remains := testcluster.Get(t, shared.Admin, k.upstreamPath(own)).Code == http.StatusOK
	if remains == o.delete() {
		t.Errorf("%s: after the deletion, the object is there: %v", k.Resource(), remains)
	}
	if o.delete() {
		expect("get after the deletion", testcluster.Get(t, user, k.path(own)), http.StatusNotFound)
	}
}
