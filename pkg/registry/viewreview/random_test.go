// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package viewreview_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/internal/worlds"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/view"
)

// In any cluster: allowed is what GET and LIST answer; a hidden object is answered like an absent one;
// an administrator gets the same verdict about a user as the user himself.
func TestRandomWorlds(t *testing.T) {
	for _, seed := range worlds.Seeds(t, "TENANTVIEW_TEST_WORLDS", 25) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := worlds.New(seed)
			f := newFixture(random.Policy(), seed%2 == 0)
			for step := range 50 {
				if c := random.Next(); c.Object == nil {
					f.Delete(c.Deleted)
				} else {
					f.Put(c.Object)
				}
				if step%10 != 9 {
					continue
				}
				for _, u := range worlds.Users() {
					f.native.allowed = randomRBAC(random, u)
					for _, resource := range reference.Resources() {
						f.compare(t, u, resource)
					}
				}
			}
		})
	}
}

// randomRBAC lets the user list a resource, or get an object, by RBAC.
func randomRBAC(random *worlds.Random, u user.Info) map[string]bool {
	resources := reference.Resources()
	resource := resources[random.IntN(len(resources))]
	switch random.IntN(4) {
	case 0:
		return map[string]bool{u.GetName() + " list " + resource: true}
	case 1:
		return map[string]bool{u.GetName() + " get storageclasses gold": true, u.GetName() + " get namespaces a": true}
	default:
		return nil
	}
}

func (f *fixture) compare(t *testing.T, u user.Info, resource string) {
	t.Helper()
	all, _ := f.View(resource).List(view.Viewer{All: true})
	names := []string{"absent"}
	for _, e := range all {
		names = append(names, e.Name)
	}
	listed := f.list(t, u, resource)
	overall := f.mustAsk(t, u, v1alpha1.SelfTenantViewReviewSpec{Resource: resource})
	for _, g := range overall.Status.Grants {
		if g.Objects != nil && int(*g.Objects) > len(listed) {
			t.Errorf("%s: a grant of %d %s, but the list has %d", u.GetName(), *g.Objects, resource, len(listed))
		}
	}
	if len(listed) > 0 && !overall.Status.Allowed {
		t.Errorf("%s sees %q, but may not list %s", u.GetName(), listed, resource)
	}
	who := f.Cluster.Viewer(u)
	absent := make(map[string]string)
	for _, name := range names {
		want := map[string]bool{
			v1alpha1.OperationList: slices.Contains(listed, name),
			v1alpha1.OperationGet:  f.gets(t, u, resource, name),
		}
		for op, needed := range map[string]view.Operations{v1alpha1.OperationUpdate: view.OpUpdate, v1alpha1.OperationDelete: view.OpDelete} {
			_, granted := f.View(resource).Get(who, name, view.OpList|needed)
			want[op] = granted && f.serves(resource)
		}
		for op, allowed := range want {
			spec := v1alpha1.SelfTenantViewReviewSpec{Resource: resource, Name: name, Operation: op}
			got := f.mustAsk(t, u, spec)
			if got.Status.Allowed != allowed {
				t.Errorf("%s, %s %s %s: allowed is %v, but the server answers %v", u.GetName(), op, resource, name, got.Status.Allowed, allowed)
			}
			if allowed && len(got.Status.Grants) == 0 {
				t.Errorf("%s, %s %s %s: no grant", u.GetName(), op, resource, name)
			}
			if !want[v1alpha1.OperationGet] {
				f.requireAbsent(t, absent, got)
			}
			about, err := f.askAbout(u.(*user.DefaultInfo), spec)
			if err != nil {
				t.Fatal(err)
			}
			if about.Status.Allowed != allowed || len(about.Status.Grants) != len(got.Status.Grants) || *about.Status.Exists != (name != "absent") {
				t.Errorf("%s, %s %s %s: the administrator gets %+v, the user %+v", u.GetName(), op, resource, name, about.Status, got.Status)
			}
		}
	}
}

func (f *fixture) serves(resource string) bool {
	return f.self.Writes(f.rests[resource].Kind())
}

// requireAbsent compares the answer for an object that the user does not see with that for the first
// name, which does not exist.
func (f *fixture) requireAbsent(t *testing.T, absent map[string]string, got *v1alpha1.SelfTenantViewReview) {
	t.Helper()
	data, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	// The name is between quotes, which JSON escapes in the reason.
	text := strings.NewReplacer(`"name":"`+got.Spec.Name+`"`, `"name":"absent"`, `\"`+got.Spec.Name+`\"`, `\"absent\"`).Replace(string(data))
	op := got.Spec.Operation
	if got.Spec.Name == "absent" {
		absent[op] = text
	} else if text != absent[op] {
		t.Errorf("hidden: %s\nabsent: %s", text, absent[op])
	}
}
