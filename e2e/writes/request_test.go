// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package writes

import (
	"fmt"
	"net/http"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/testcluster"
)

// patch sends a patch. The query has no leading question mark.
func patch(t testing.TB, as *rest.Config, how types.PatchType, path, query, body string) testcluster.Answer {
	t.Helper()
	return send(t, as, http.MethodPatch, path+"?"+query, body, "Content-Type", string(how))
}

func send(t testing.TB, as *rest.Config, method, path, body string, headers ...string) testcluster.Answer {
	t.Helper()
	a, err := testcluster.Send(t.Context(), as, method, path, []byte(body), headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// put replaces an object.
func put(t testing.TB, as *rest.Config, path string, o *testcluster.Object) testcluster.Answer {
	t.Helper()
	body, err := o.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return send(t, as, http.MethodPut, path, string(body), "Content-Type", "application/json")
}

// upstream returns an object as the administrator sees it at kube-apiserver.
func upstream(t testing.TB, k kind, name string) *testcluster.Object {
	t.Helper()
	return testcluster.Get(t, shared.Admin, k.upstreamPath(name)).Expect(t, 200).Object(t)
}

// waitShown waits until a user sees an object.
func waitShown(t testing.TB, as *rest.Config, k kind, name string) {
	t.Helper()
	testcluster.Eventually(t, k.Kind()+" "+name+" is shown", func() error {
		return shown(t, as, k, name)
	})
}

func shown(t testing.TB, as *rest.Config, k kind, name string) error {
	t.Helper()
	a, err := testcluster.TryGet(t.Context(), as, k.path(name))
	if err == nil && a.Code != 200 {
		err = fmt.Errorf("it is answered %d: %s", a.Code, a.Body)
	}
	return err
}
