// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package writes

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"capsule.dev/tenantview/e2e/testcluster"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// What a review says about an update is what an update is answered.
func TestReviewsOfWrites(t *testing.T) {
	shared.Create(t, tenant("rev", "{kind: User, name: rita, "+settings("List, Update")+"}, {kind: User, name: rolf, "+settings("List")+"}"))
	for _, k := range kinds {
		shared.Create(t, k.object("rev-1", "rev", ""))
		for name, code := range map[string]int{"rita": http.StatusOK, "rolf": http.StatusForbidden} {
			as := shared.As(t, name)
			waitShown(t, as, k, "rev-1")
			review := fmt.Sprintf(`{"apiVersion":%q,"kind":"SelfTenantViewReview","spec":{"resource":%q,"name":"rev-1","operation":"Update"}}`,
				v1alpha1.SchemeGroupVersion, k.Resource())
			var got v1alpha1.SelfTenantViewReview
			a := send(t, as, http.MethodPost, testcluster.Root+"/selftenantviewreviews", review, "Content-Type", "application/json").Expect(t, http.StatusCreated)
			if err := json.Unmarshal(a.Body, &got); err != nil {
				t.Fatal(err)
			}
			if want := code == http.StatusOK; got.Status.Allowed != want || strings.Contains(fmt.Sprint(got.Status.Reasons), "does not serve") {
				t.Errorf("%s, %s: allowed %v, want %v: %q", name, k.Resource(), got.Status.Allowed, want, got.Status.Reasons)
			}
			patch(t, as, mergePatch, k.path("rev-1"), "", `{"metadata":{"labels":{"reviewed":"true"}}}`).Expect(t, code)
		}
	}
}
