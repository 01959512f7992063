// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package writes

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/e2e/testcluster"
)

const mergePatch, jsonPatch = types.MergePatchType, types.JSONPatchType

// Preconditions are the resourceVersions and uids that this server gives, and behave as upstream.
func TestPreconditions(t *testing.T) {
	for _, k := range kinds {
		shared.Create(t, tenant("pre", "{kind: User, name: petra, "+settings("List, Update, Delete")+"}")+k.object("pre-1", "pre", ""))
		petra := shared.As(t, "petra")
		waitShown(t, petra, k, "pre-1")
		path := k.path("pre-1")
		first := testcluster.Get(t, petra, path).Object(t)
		theirs := upstream(t, k, "pre-1")
		metadata := func(field, value string) string {
			return fmt.Sprintf(`{"metadata":{%q:%q,"labels":{"x":"1"}}}`, field, value)
		}

		patch(t, petra, mergePatch, path, "", metadata("resourceVersion", theirs.GetResourceVersion())).Expect(t, 409)
		patch(t, petra, mergePatch, path, "", metadata("uid", string(theirs.GetUID()))).Expect(t, 409)
		changed := patch(t, petra, mergePatch, path, "", metadata("resourceVersion", first.GetResourceVersion())).Expect(t, 200).Object(t)
		if changed.GetUID() != first.GetUID() || changed.GetResourceVersion() == first.GetResourceVersion() {
			t.Errorf("%s: the answer has uid %s and resourceVersion %s, before it was %s, %s", k.Resource(),
				changed.GetUID(), changed.GetResourceVersion(), first.GetUID(), first.GetResourceVersion())
		}
		// What the user reads next includes the change.
		if diff := cmp.Diff(changed, testcluster.Get(t, petra, path).Object(t)); diff != "" {
			t.Errorf("%s: a get after the write (-answer +get):\n%s", k.Resource(), diff)
		}
		conflict := patch(t, petra, mergePatch, path, "", metadata("resourceVersion", first.GetResourceVersion())).Expect(t, 409)
		want := fmt.Sprintf(`Operation cannot be fulfilled on %s.tenantview.capsule.dev "pre-1": the object has been modified; please apply your changes to the latest version and try again`, k.Resource())
		if got := conflict.Status(t); got.Message != want || got.Details.Kind != k.Resource() {
			t.Errorf("%s: the conflict is %+v", k.Resource(), got)
		}
		put(t, petra, path, first).Expect(t, 409)
		put(t, petra, path, changed).Expect(t, 200)
		// RuntimeClasses must name the version that they replace; others may leave it out.
		changed.SetResourceVersion("")
		code := 200
		if k.UpstreamKind == "RuntimeClass" {
			code = 422
		}
		put(t, petra, path, changed).Expect(t, code)

		deletion := func(field, value string) string {
			return fmt.Sprintf(`{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{%q:%q}}`, field, value)
		}
		const json = "application/json"
		last := testcluster.Get(t, petra, path).Object(t)
		send(t, petra, http.MethodDelete, path, deletion("uid", string(theirs.GetUID())), "Content-Type", json).Expect(t, 409)
		send(t, petra, http.MethodDelete, path, deletion("resourceVersion", first.GetResourceVersion()), "Content-Type", json).Expect(t, 409)
		send(t, petra, http.MethodDelete, path+"?dryRun=All", "").Expect(t, 200)
		deleted := send(t, petra, http.MethodDelete, path, deletion("resourceVersion", last.GetResourceVersion()), "Content-Type", json).Expect(t, 200)
		if deleted.Object(t).GetKind() == k.Kind() { // kube-apiserver shows some kinds once more
			if diff := cmp.Diff(last, deleted.Object(t)); diff != "" {
				t.Errorf("%s: the deletion shows (-before +shown):\n%s", k.Resource(), diff)
			}
		} else if status, d := deleted.Status(t), deleted.Status(t).Details; status.Status != "Success" || d.UID != first.GetUID() || d.Kind != k.Resource() || d.Group != "tenantview.capsule.dev" {
			t.Errorf("%s: the deletion is answered %+v", k.Resource(), status)
		}
		send(t, petra, http.MethodDelete, path, "").Expect(t, 404)
	}
}

// Requests that reach nothing, or that are refused, and why.
func TestRefusals(t *testing.T) {
	source := tenant("ref", "{kind: User, name: rita, "+settings("List, Update, Delete")+"}") + tenant("ref2", "{kind: User, name: ross, "+settings("List, Update, Delete")+"}")
	for _, k := range kinds {
		source += k.object("ref-1", "ref", "") + k.object("ref-2", "ref2", "")
	}
	shared.Create(t, source)
	rita := shared.As(t, "rita")
	for _, k := range kinds {
		waitShown(t, rita, k, "ref-1")
	}
	node, class := kinds[0], kinds[2]
	unschedulable := `{"spec":{"unschedulable":true}}`
	for name, tc := range map[string]struct {
		answer testcluster.Answer
		code   int
		text   string
	}{
		"create":                           {send(t, shared.Admin, http.MethodPost, node.Path(), `{"apiVersion":"tenantview.capsule.dev/v1alpha1","kind":"TenantNode","metadata":{"name":"x"}}`, "Content-Type", "application/json"), 405, "does not allow this method"},
		"delete all":                       {send(t, shared.Admin, http.MethodDelete, node.Path(), ""), 405, "does not allow this method"},
		"apply a new one":                  {patch(t, rita, types.ApplyPatchType, node.path("ref-new"), "fieldManager=me", `{"apiVersion":"tenantview.capsule.dev/v1alpha1","kind":"TenantNode"}`), 404, "not found"},
		"replace a new one":                {send(t, rita, http.MethodPut, node.path("ref-new"), `{"apiVersion":"tenantview.capsule.dev/v1alpha1","kind":"TenantNode","metadata":{"name":"ref-new"}}`, "Content-Type", "application/json"), 404, "not found"},
		"a namespace":                      {patch(t, shared.Admin, mergePatch, testcluster.Root+"/tenantnamespaces/default", "", "{}"), 405, "does not allow this method"},
		"status":                           {patch(t, shared.Admin, mergePatch, node.path("ref-1")+"/status", "", "{}"), 404, ""},
		"another subresource":              {patch(t, shared.Admin, mergePatch, node.path("ref-1")+"/proxy", "", "{}"), 404, ""},
		"another tenant's":                 {patch(t, rita, mergePatch, node.path("ref-2"), "", unschedulable), 404, `tenantnodes.tenantview.capsule.dev \"ref-2\" not found`},
		"a path in the name":               {patch(t, rita, mergePatch, node.path("ref-1%2F..%2Fref-2"), "", unschedulable), 403, ""},
		"dots in the name":                 {patch(t, rita, mergePatch, node.path("..%2Fref-2"), "", unschedulable), 403, ""},
		"a percent sign in the name":       {patch(t, rita, mergePatch, node.path("ref-1%252F"), "", unschedulable), 404, ""},
		"a query in the name":              {patch(t, rita, mergePatch, node.path("ref-1%3Fforce"), "", unschedulable), 404, ""},
		"another kind's body":              {send(t, rita, http.MethodPut, node.path("ref-1"), `{"apiVersion":"tenantview.capsule.dev/v1alpha1","kind":"TenantStorageClass","metadata":{"name":"ref-1"},"provisioner":"x"}`, "Content-Type", "application/json"), 400, "TenantStorageClass"},
		"the upstream kind's body":         {send(t, rita, http.MethodPut, node.path("ref-1"), `{"apiVersion":"v1","kind":"Node","metadata":{"name":"ref-1"}}`, "Content-Type", "application/json"), 400, "Node"},
		"another name in the body":         {patch(t, rita, mergePatch, node.path("ref-1"), "", `{"metadata":{"name":"ref-2"}}`), 400, "does not match"},
		"finalizers":                       {patch(t, rita, mergePatch, node.path("ref-1"), "", `{"metadata":{"finalizers":["a/b"]}}`), 422, "metadata.finalizers: Forbidden"},
		"a field that upstream keeps":      {patch(t, rita, mergePatch, class.path("ref-1"), "", `{"provisioner":"example.com/other"}`), 422, `TenantStorageClass.tenantview.capsule.dev \"ref-1\" is invalid`},
		"an invalid label":                 {patch(t, rita, mergePatch, node.path("ref-1"), "", `{"metadata":{"labels":{"a b":"c"}}}`), 422, `TenantNode.tenantview.capsule.dev \"ref-1\" is invalid`},
		"an unknown field":                 {patch(t, rita, mergePatch, node.path("ref-1"), "fieldValidation=Strict", `{"spec":{"colour":"red"}}`), 422, "unknown field"},
		"an unknown field to apply":        {patch(t, rita, types.ApplyPatchType, node.path("ref-1"), "fieldManager=me", `{"apiVersion":"tenantview.capsule.dev/v1alpha1","kind":"TenantNode","metadata":{"name":"ref-1"},"spec":{"colour":"red"}}`), 0, "colour"},
		"an unknown patch":                 {patch(t, rita, "application/x", node.path("ref-1"), "", "{}"), 415, "Unsupported Media Type"},
		"no patch":                         {patch(t, rita, mergePatch, node.path("ref-1"), "", "x"), 400, ""},
		"a test that fails":                {patch(t, rita, jsonPatch, node.path("ref-1"), "", `[{"op":"test","path":"/metadata/labels/e2e-tenant","value":"x"}]`), 422, ""},
		"apply without a manager":          {patch(t, rita, types.ApplyPatchType, node.path("ref-1"), "", `{"apiVersion":"tenantview.capsule.dev/v1alpha1","kind":"TenantNode"}`), 422, "fieldManager"},
		"a dry run of something":           {patch(t, rita, mergePatch, node.path("ref-1"), "dryRun=Some", "{}"), 422, "dryRun"},
		"a body that is too long":          {patch(t, rita, mergePatch, node.path("ref-1"), "", `{"metadata":{"annotations":{"a":"`+strings.Repeat("x", 1<<20)+`"}}}`), 413, ""},
		"a configuration that is too long": {patch(t, rita, types.ApplyPatchType, node.path("ref-1"), "fieldManager=me", strings.Repeat("x", 1<<20+1)), 413, ""},
	} {
		if tc.code != 0 && tc.answer.Code != tc.code || tc.answer.Code < 400 || !strings.Contains(string(tc.answer.Body), tc.text) {
			t.Errorf("%s: got %d, want %d: %s", name, tc.answer.Code, tc.code, tc.answer.Body)
		}
	}
	for _, k := range kinds {
		for _, name := range []string{"ref-1", "ref-2"} {
			if o := upstream(t, k, name); o.GetManagedFields() != nil && len(o.GetManagedFields()) > 1 || o.GetGeneration() > 1 {
				t.Errorf("%s %s has been changed: %v", k.UpstreamKind, name, o)
			}
		}
	}
	// With a warning, the rest of the object is changed, as upstream.
	warned := patch(t, rita, mergePatch, node.path("ref-1"), "fieldValidation=Warn", `{"spec":{"colour":"red","unschedulable":true}}`).Expect(t, 200)
	if got := warned.Header.Values("Warning"); len(got) != 1 || !strings.Contains(got[0], "colour") {
		t.Errorf("warnings: %v", got)
	}
}

// The error of the admission plugin Priority would name a class that the user may not see.
func TestErrorsNameNoHiddenClass(t *testing.T) {
	class := kinds[4]
	shared.Create(t, tenant("default", "{kind: User, name: dina, "+settings("List, Update")+"}")+class.object("default-1", "default", "")+
		class.object("secret-default-class", "", "")+"globalDefault: true\n")
	dina := shared.As(t, "dina")
	waitShown(t, dina, class, "default-1")
	a := patch(t, dina, mergePatch, class.path("default-1"), "", `{"globalDefault":true}`)
	if a.Code < 400 || strings.Contains(string(a.Body), "secret-default-class") || !strings.Contains(string(a.Body), "already marked as default") {
		t.Errorf("got %d: %s", a.Code, a.Body)
	}
}

// A write that changes who sees an object takes effect as the rules say, and its answer tells nothing about
// the object's new owner.
func TestWritesThatMoveAnObject(t *testing.T) {
	node, volume := kinds[0], kinds[1]
	shared.Create(t, tenant("move", "{kind: User, name: mona, "+settings("List, Update, Delete")+"}")+tenant("move2", "{kind: User, name: milo, "+settings("List")+"}")+
		node.object("move-1", "move", "")+volume.object("move-1", "move", "")+volume.object("move-2", "move", ""))
	mona, milo := shared.As(t, "mona"), shared.As(t, "milo")
	for _, name := range []string{"move-1", "move-2"} {
		waitShown(t, mona, volume, name)
	}
	waitShown(t, mona, node, "move-1")
	watching := testcluster.Watch(t, mona, node.Path()+"?watch=1&resourceVersion=0")
	give := func(k kind, name, tenant string) testcluster.Answer {
		return patch(t, mona, mergePatch, k.path(name), "", fmt.Sprintf(`{"metadata":{"labels":{%q:%q}}}`, k.label(), tenant)).Expect(t, 200)
	}
	give(node, "move-1", "move2")
	waitShown(t, milo, node, "move-1")
	testcluster.Get(t, mona, node.path("move-1")).Expect(t, 404)
	patch(t, mona, mergePatch, node.path("move-1"), "", `{}`).Expect(t, 404)
	patch(t, milo, mergePatch, node.path("move-1"), "", `{}`).Expect(t, 403)
	events := watching.Until(t, func(e testcluster.Event) bool { return e.Type == "DELETED" })
	if last := events[len(events)-1]; last.Name() != "move-1" {
		t.Errorf("the last event is %v", last)
	}
	// Whether a Tenant of that name exists is no business of those who do not see it.
	existing, absent := give(volume, "move-1", "move2").Object(t), give(volume, "move-2", "absent").Object(t)
	if existing.Object["tenant"] != nil || absent.Object["tenant"] != nil {
		t.Errorf("the answers name the Tenants %v and %v", existing.Object["tenant"], absent.Object["tenant"])
	}
	waitShown(t, milo, volume, "move-1")
}

// How to delete is the user's choice. Without a garbage collector, the finalizers of both policies stay.
func TestPropagationPolicy(t *testing.T) {
	class := kinds[2]
	shared.Create(t, tenant("prop", "{kind: User, name: pete, "+settings("List, Delete")+"}")+class.object("prop-1", "prop", "")+class.object("prop-2", "prop", ""))
	pete := shared.As(t, "pete")
	for name, policy := range map[string]string{"prop-1": "Foreground", "prop-2": "Orphan"} {
		t.Cleanup(func() {
			_ = shared.TryPatch(context.WithoutCancel(t.Context()), class.UpstreamKind, "", name, "{metadata: {finalizers: null}}")
		})
		waitShown(t, pete, class, name)
		a := send(t, pete, http.MethodDelete, class.path(name)+"?propagationPolicy="+policy, "").Expect(t, 200).Object(t)
		if a.GetDeletionTimestamp() == nil || a.GetFinalizers() != nil {
			t.Errorf("%s: the answer is %v", policy, a)
		}
		want := map[string]string{"Foreground": "foregroundDeletion", "Orphan": "orphan"}[policy]
		if got := upstream(t, class, name).GetFinalizers(); len(got) != 1 || got[0] != want {
			t.Errorf("%s: finalizers %v, want %s", policy, got, want)
		}
	}
}
