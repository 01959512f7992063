// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package writes

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/e2e/testcluster"
)

// secretImage is in the status of nodes and nowhere else.
const secretImage = "example.com/secret-of-another-tenant"

// left is what a view leaves out of an object, in JSON.
func left(t *testing.T, o *testcluster.Object) string {
	t.Helper()
	metadata := o.Object["metadata"].(map[string]any)
	var fields []any
	for _, m := range o.GetManagedFields() {
		// What somebody else has set stays his, unless he sets it himself.
		if strings.HasPrefix(m.Manager, "admin-") {
			fields = append(fields, m.Manager, m.FieldsV1.GetRawString())
		}
	}
	data, err := json.Marshal([]any{
		metadata["finalizers"], metadata["ownerReferences"], metadata["uid"], o.GetAnnotations()[corev1.LastAppliedConfigAnnotation], o.Object["status"], fields,
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Whatever patch a user sends, what the view leaves out stays byte for byte as it was, and no answer shows
// any of it.
func TestHiddenFieldsStay(t *testing.T) {
	shared.Create(t, tenant("hidden", "{kind: User, name: hedy, "+settings("List, Update, Delete")+"}"))
	hedy := shared.As(t, "hedy")
	random := rand.New(rand.NewPCG(1, 2))
	accepted := make(map[int]int) // patches by status code
	for _, k := range kinds {
		shared.Create(t, k.object("hidden-1", "hidden", `annotations: {shown: "1", kubectl.kubernetes.io/last-applied-configuration: '{"of":"hidden-admin"}'}, ownerReferences: [{apiVersion: v1, kind: Node, name: hidden-owner, uid: "1"}]`))
		applied := fmt.Sprintf(`{"apiVersion":%q,"kind":%q,"metadata":{"name":"hidden-1","finalizers":["example.com/hidden-finalizer"]}%s}`,
			k.Upstream.GroupVersion(), k.UpstreamKind, k.required())
		patch(t, shared.Admin, types.ApplyPatchType, k.upstreamPath("hidden-1"), "fieldManager=admin-finalizer&force=true", applied).Expect(t, 200)
		t.Cleanup(func() {
			_ = shared.TryPatch(context.WithoutCancel(t.Context()), k.UpstreamKind, "", "hidden-1", "{metadata: {finalizers: null}}")
		})
		if k.UpstreamKind == "Node" {
			patch(t, shared.Admin, types.MergePatchType, k.upstreamPath("hidden-1")+"/status", "fieldManager=admin-status",
				`{"status":{"images":[{"names":["`+secretImage+`"],"sizeBytes":1}],"volumesInUse":["`+secretImage+`"]}}`).Expect(t, 200)
		}
		waitShown(t, hedy, k, "hidden-1")
		want := left(t, upstream(t, k, "hidden-1"))
		for n := range 60 {
			how, query, body := randomPatch(random, k, n)
			a := patch(t, hedy, how, k.path("hidden-1"), query, body)
			if got := left(t, upstream(t, k, "hidden-1")); got != want {
				t.Fatalf("%s: %s %s is answered %d, and then\ngot  %s\nwant %s", k.Resource(), how, body, a.Code, got, want)
			}
			if leaks(query+body, a) {
				t.Fatalf("%s: the answer to %s %s shows what is hidden: %s", k.Resource(), how, body, a.Body)
			}
			// kube-apiserver answers so if a configuration has an unknown field.
			if a.Code == 500 && strings.Contains(string(a.Body), "v1alpha1, Kind="+k.Kind()+"): .$retainKeys: field not declared in schema") {
				a.Code = 422
			}
			accepted[a.Code]++
			// She may have hidden it from herself.
			patch(t, shared.Admin, mergePatch, k.upstreamPath("hidden-1"), "fieldManager=setup", fmt.Sprintf(`{"metadata":{"labels":{%q:"hidden"}}}`, k.label())).Expect(t, 200)
			waitShown(t, hedy, k, "hidden-1")
		}
		// The user's own object, without what is not shown, as an editor sends it.
		shown := testcluster.Get(t, hedy, k.path("hidden-1")).Expect(t, 200).Object(t)
		shown.SetAnnotations(map[string]string{"replaced": "yes"})
		put(t, hedy, k.path("hidden-1"), shown).Expect(t, 200)
		now := upstream(t, k, "hidden-1")
		if diff := cmp.Diff(want, left(t, now)); diff != "" || now.GetAnnotations()["replaced"] != "yes" {
			t.Errorf("%s: after a replacement (-want +got):\n%s", k.Resource(), diff)
		}
		// A manager who has applied what is hidden would remove it.
		a := patch(t, hedy, types.ApplyPatchType, k.path("hidden-1"), "fieldManager=admin-finalizer&force=true",
			fmt.Sprintf(`{"apiVersion":"tenantview.capsule.dev/v1alpha1","kind":%q,"metadata":{"name":"hidden-1"}%s}`, k.Kind(), k.required())).Expect(t, http.StatusUnprocessableEntity)
		if got := left(t, upstream(t, k, "hidden-1")); got != want {
			t.Errorf("%s: another's manager is answered %d, and then\ngot  %s\nwant %s", k.Resource(), a.Code, got, want)
		}
		// A deletion shows no more.
		d := send(t, hedy, http.MethodDelete, k.path("hidden-1"), "").Expect(t, 200)
		if leaks("", d) || d.Object(t).GetDeletionTimestamp() == nil {
			t.Errorf("%s: the answer to a deletion: %s", k.Resource(), d.Body)
		}
	}
	if accepted[200] < 100 || accepted[422] < 50 || accepted[404] > 0 || accepted[409] > 0 || accepted[500] > 0 {
		t.Errorf("answers by status: %v; the patches test little", accepted)
	}
}

// leaks returns whether an answer contains what is hidden, other than what the user has sent himself.
func leaks(sent string, a testcluster.Answer) bool {
	for _, secret := range []string{secretImage, "hidden-finalizer", "hidden-owner", "hidden-admin", "admin-finalizer", "managedFields"} {
		if strings.Contains(string(a.Body), secret) && !strings.Contains(sent, secret) {
			return true
		}
	}
	return false
}

// randomPatch returns a patch of labels, annotations and of everything that a view leaves out.
func randomPatch(random *rand.Rand, k kind, n int) (how types.PatchType, query, body string) {
	pick := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	value := fmt.Sprintf("%q", fmt.Sprint("v", n))
	parts := func() string {
		return pick(
			`"metadata":{"labels":{"l":`+value+`}}`,
			`"metadata":{"annotations":null}`,
			`"metadata":{"annotations":{"a":`+value+`}}`,
			`"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":null}}`,
			`"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":`+value+`,"b":`+value+`}}`,
			`"metadata":{"finalizers":null,"ownerReferences":null,"managedFields":null}`,
			`"metadata":{"finalizers":["example.com/mine"]}`,
			`"metadata":{"finalizers":[],"labels":{"m":`+value+`}}`,
			`"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"n","uid":"1"}]}`,
			`"metadata":{"managedFields":[{}]}`,
			`"metadata":null`,
			`"status":null`,
			`"status":{"images":null,"volumesInUse":[],"phase":"Failed"}`,
			`"metadata":{"labels":{"l":null}},"status":{"phase":"Failed"}`,
			`"metadata":{"$patch":"replace","name":"hidden-1"}`,
			`"metadata":{"$deleteFromPrimitiveList/finalizers":["example.com/hidden-finalizer"]}`,
			`"$retainKeys":["metadata"],"metadata":{"name":"hidden-1"}`,
		)
	}
	operation := func() string {
		paths := []string{
			"/metadata/labels/l", "/metadata/annotations/a", "/metadata/annotations", "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
			"/metadata/finalizers", "/metadata/finalizers/0", "/metadata/ownerReferences", "/metadata/managedFields", "/metadata/uid", "/metadata", "/status", "/status/images", "/status/images/0/names/0", "",
		}
		path := pick(paths...)
		return pick(
			fmt.Sprintf(`{"op":"add","path":%q,"value":%s}`, path, pick(value, "[]", "{}", "null", `["example.com/mine"]`)),
			fmt.Sprintf(`{"op":"remove","path":%q}`, path),
			fmt.Sprintf(`{"op":"replace","path":%q,"value":%s}`, path, pick(value, "{}", "[]")),
			fmt.Sprintf(`{"op":"test","path":%q,"value":%s}`, path, pick(`["example.com/hidden-finalizer"]`, `"`+secretImage+`"`, "null")),
			fmt.Sprintf(`{"op":"copy","from":%q,"path":"/metadata/annotations/copied"}`, path),
			fmt.Sprintf(`{"op":"move","from":%q,"path":"/metadata/labels/moved"}`, path),
		)
	}
	switch random.IntN(4) {
	case 0:
		return types.MergePatchType, "", "{" + parts() + "}"
	case 1:
		return types.StrategicMergePatchType, "", "{" + parts() + "}"
	case 2:
		return types.JSONPatchType, "", "[" + operation() + "]"
	default:
		return types.ApplyPatchType, "fieldManager=" + pick("me", "kubectl", "admin-finalizer") + "&force=true",
			fmt.Sprintf(`{"apiVersion":"tenantview.capsule.dev/v1alpha1","kind":%q,%s%s}`, k.Kind(), strings.Replace(parts(), `"metadata":{`, `"metadata":{"name":"hidden-1",`, 1), k.required())
	}
}

// A test operation must not tell what is hidden: it is answered as if the field were absent.
func TestPatchesCannotTestHiddenFields(t *testing.T) {
	node := kinds[0]
	shared.Create(t, tenant("oracle", "{kind: User, name: otto, "+settings("List, Update")+"}")+node.object("oracle-1", "oracle", ""))
	patch(t, shared.Admin, types.MergePatchType, node.upstreamPath("oracle-1")+"/status", "", `{"status":{"images":[{"names":["`+secretImage+`"]}]}}`).Expect(t, 200)
	otto := shared.As(t, "otto")
	waitShown(t, otto, node, "oracle-1")
	ask := func(guess string) testcluster.Answer {
		return patch(t, otto, types.JSONPatchType, node.path("oracle-1"), "dryRun=All", `[{"op":"test","path":"/status/images/0/names/0","value":"`+guess+`"}]`)
	}
	right, wrong := ask(secretImage), ask("x")
	if right.Code != 422 || string(right.Body) != string(wrong.Body) {
		t.Errorf("the right guess is answered %d %s, a wrong one %d %s", right.Code, right.Body, wrong.Code, wrong.Body)
	}
	copied := patch(t, otto, types.JSONPatchType, node.path("oracle-1"), "", `[{"op":"copy","from":"/status","path":"/metadata/annotations/x"}]`)
	if strings.Contains(string(copied.Body), secretImage) {
		t.Errorf("a copy shows what is hidden: %s", copied.Body)
	}
	managers := func() (names []string) {
		for _, m := range upstream(t, node, "oracle-1").GetManagedFields() {
			if m.Operation == metav1.ManagedFieldsOperationUpdate {
				names = append(names, m.Manager)
			}
		}
		return names
	}
	// The field manager is the user's, also if no option names one.
	patch(t, otto, types.MergePatchType, node.path("oracle-1"), "fieldManager=otto-manager", `{"metadata":{"labels":{"x":"1"}}}`).Expect(t, 200)
	send(t, otto, http.MethodPatch, node.path("oracle-1"), `{"metadata":{"labels":{"y":"1"}}}`, "Content-Type", string(types.MergePatchType), "User-Agent", "otto-agent/v1").Expect(t, 200)
	got := strings.Join(managers(), " ")
	if !strings.Contains(got, "otto-manager") || !strings.Contains(got, "otto-agent") || strings.Contains(got, "tenantview") {
		t.Errorf("field managers: %s", got)
	}
}
