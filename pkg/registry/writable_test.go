// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

func TestWhoMayWrite(t *testing.T) {
	for _, tc := range []struct {
		user, node     string
		update, delete int32
	}{
		{"alice", "solar-1", 200, 200},
		{"alice", "wind-1", 403, 403},
		{"alice", "hidden-1", 404, 404},
		{"alice", "absent-1", 404, 404},
		{"uma", "solar-1", 200, 403},
		{"dan", "solar-1", 403, 200},
		{"gina", "solar-1", 403, 403}, // he may get it, and so may know that it exists
		{"mia", "solar-1", 403, 403},
		{"carol", "solar-1", 404, 404},
		{"root", "hidden-1", 403, 403}, // native RBAC writes through the upstream resource only
	} {
		f := newNodeFixture(t)
		before := f.api.nodes[tc.node]
		_, err := f.update(as(tc.user), tc.node, label("a", "1"))
		if code := codeOf(t, err); code != tc.update {
			t.Errorf("%s updates %s: code %d, want %d: %v", tc.user, tc.node, code, tc.update, err)
		}
		if changed := f.api.nodes[tc.node] != before; changed != (tc.update == 200) {
			t.Errorf("%s updates %s: changed: %v", tc.user, tc.node, changed)
		}
		f = newNodeFixture(t)
		_, _, err = f.Delete(as(tc.user), tc.node, nil, nil)
		if code := codeOf(t, err); code != tc.delete {
			t.Errorf("%s deletes %s: code %d, want %d: %v", tc.user, tc.node, code, tc.delete, err)
		}
		if tc.delete != 200 && len(f.api.written) > 0 {
			t.Errorf("%s deletes %s: kube-apiserver was asked %v", tc.user, tc.node, f.api.written)
		}
	}
}

// Without news of grants, a user whose grant is gone could write for ever. Reads go on.
func TestNoWritesByOldGrants(t *testing.T) {
	f := newNodeFixture(t)
	f.behindSince = f.clock.Now()
	attempt := func(node string) (codes [2]int32) {
		_, err := f.update(as("alice"), node, label("b", "1"))
		codes[0] = codeOf(t, err)
		_, _, err = f.Delete(as("alice"), node, nil, nil)
		codes[1] = codeOf(t, err)
		if _, err := f.Get(as("alice"), "solar-1", nil); err != nil {
			t.Errorf("a read: %v", err)
		}
		return codes
	}
	f.clock.SetTime(f.behindSince.Add(30 * time.Second))
	if _, err := f.update(as("alice"), "solar-1", label("a", "1")); err != nil {
		t.Errorf("after 30 seconds: %v", err)
	}
	f.clock.SetTime(f.behindSince.Add(31 * time.Second))
	written := len(f.api.written)
	// The answer does not depend on the object.
	for _, node := range []string{"solar-1", "wind-1", "hidden-1", "absent-1"} {
		if got := attempt(node); got != [2]int32{503, 503} {
			t.Errorf("after 31 seconds, writes of %s: %v", node, got)
		}
	}
	_, err := f.update(as("alice"), "solar-1", label("a", "2"))
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil || status.Status().Details.RetryAfterSeconds < 1 {
		t.Errorf("it does not say when to try again: %v", err)
	}
	if len(f.api.written) != written {
		t.Errorf("kube-apiserver was asked %v", f.api.written[written:])
	}
	f.behindSince = time.Time{}
	if _, err := f.update(as("alice"), "solar-1", label("a", "3")); err != nil {
		t.Errorf("when the sources have caught up: %v", err)
	}
}

// The lag can begin while a write is tried again.
func TestNoSecondAttemptByOldGrants(t *testing.T) {
	f := newNodeFixture(t)
	f.api.meanwhile = func() {
		f.behindSince = f.clock.Now().Add(-time.Minute)
		changed := f.api.nodes["solar-1"].DeepCopy()
		changed.Labels["other"] = "1"
		f.api.store(changed)
	}
	if _, err := f.update(as("alice"), "solar-1", label("a", "1")); codeOf(t, err) != 503 || len(f.api.written) != 1 {
		t.Errorf("%d attempts: %v", len(f.api.written), err)
	}
}

// The error must help: it says which operation is missing, and who can grant it.
func TestMissingOperation(t *testing.T) {
	f := newNodeFixture(t)
	_, err := f.update(as("dan"), "solar-1", label("a", "1"))
	const want = `tenantnodes.tenantview.capsule.dev "solar-1" is forbidden: no grant that shows it to User "dan" has the operation Update: an owner of a Tenant or a subject of a ProxySetting gets it by proxySettings with kind Nodes and operations [List, Update], or by a rule in clusterResources with these operations. Rights on nodes themselves do not count here`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// If the answers differed in one byte, they would reveal that a hidden object exists.
func TestWritesOfHiddenAreNotFoundLikeReadsOfAbsent(t *testing.T) {
	f, empty := newNodeFixture(t), newNodeFixture(t)
	f.api.withdraw(999, "hidden-1")
	_, want := empty.Get(as("alice"), "hidden-1", &metav1.GetOptions{})
	_, update := f.update(as("alice"), "hidden-1", label("a", "1"))
	_, _, deletion := f.Delete(as("alice"), "hidden-1", nil, &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: ptr.To(types.UID("x"))}})
	for how, err := range map[string]error{"update": update, "delete": deletion} {
		if diff := cmp.Diff(statusOf(t, want), statusOf(t, err)); diff != "" {
			t.Errorf("%s (-get of an absent one +got):\n%s", how, diff)
		}
	}
}

// While others change the object, a write without a resourceVersion is tried again, and decided again.
func TestOthersWriteMeanwhile(t *testing.T) {
	for name, tc := range map[string]struct {
		meanwhile func(*nodeFixture)
		code      int32
		asked     int
	}{
		"nobody":         {func(*nodeFixture) {}, 200, 1},
		"another change": {func(f *nodeFixture) { f.api.store(newNode("solar-1", "solar")) }, 200, 2},
		"another change, known later": {func(f *nodeFixture) {
			f.api.late = true
			f.api.store(newNode("solar-1", "solar"))
		}, 200, 2},
		"it is hidden":      {func(f *nodeFixture) { f.api.store(newNode("solar-1", "hidden")) }, 404, 1},
		"it is only listed": {func(f *nodeFixture) { f.api.store(newNode("solar-1", "wind")) }, 403, 1},
		"it is deleted": {func(f *nodeFixture) {
			delete(f.api.nodes, "solar-1")
			f.api.withdraw(900, "solar-1")
		}, 404, 1},
		"it is another one, and hidden": {func(f *nodeFixture) {
			n := newNode("solar-1", "hidden")
			n.UID = "uid-another"
			f.api.store(n)
		}, 404, 1},
	} {
		for how, write := range map[string]func(*nodeFixture) error{
			"update": func(f *nodeFixture) error {
				_, err := f.update(as("alice"), "solar-1", label("a", "1"))
				return err
			},
			"apply": func(f *nodeFixture) error {
				_, err := f.apply(as("alice"), "solar-1", `{apiVersion: tenantview.capsule.dev/v1alpha1, kind: TenantNode, metadata: {labels: {a: "1"}}}`)
				return err
			},
			"delete": func(f *nodeFixture) error {
				_, _, err := f.Delete(as("alice"), "solar-1", nil, nil)
				return err
			},
		} {
			f := newNodeFixture(t)
			f.api.meanwhile = func() { tc.meanwhile(f) }
			err := write(f)
			if code := codeOf(t, err); code != tc.code || len(f.api.written) != tc.asked {
				t.Errorf("%s, %s: code %d, want %d, after %d requests: %v", name, how, code, tc.code, len(f.api.written), err)
			}
			if tc.code == 404 && err.Error() != `tenantnodes.tenantview.capsule.dev "solar-1" not found` {
				t.Errorf("%s, %s: the error is not that of an absent object: %v", name, how, err)
			}
			if err != nil && strings.Contains(err.Error(), "uid-") {
				t.Errorf("%s, %s: the error has an upstream uid: %v", name, how, err)
			}
		}
	}
}

func TestDelete(t *testing.T) {
	uid := func(f *nodeFixture) *types.UID {
		o, err := f.Get(as("alice"), "solar-1", &metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return ptr.To(o.(*v1alpha1.TenantNode).UID)
	}
	for name, tc := range map[string]struct {
		preconditions func(*nodeFixture) metav1.Preconditions
		code          int32
	}{
		"the uid": {func(f *nodeFixture) metav1.Preconditions { return metav1.Preconditions{UID: uid(f)} }, 200},
		"the resourceVersion": {func(*nodeFixture) metav1.Preconditions {
			return metav1.Preconditions{ResourceVersion: ptr.To("101" + digits)}
		}, 200},
		"the upstream uid": {func(*nodeFixture) metav1.Preconditions {
			return metav1.Preconditions{UID: ptr.To(types.UID("uid-solar-1"))}
		}, 409},
		"the upstream version": {func(*nodeFixture) metav1.Preconditions { return metav1.Preconditions{ResourceVersion: ptr.To("101")} }, 409},
	} {
		f := newNodeFixture(t)
		f.api.nodes["solar-1"].Finalizers = nil
		want := &metav1.Status{Status: "Success", Details: &metav1.StatusDetails{Name: "solar-1", Group: "tenantview.capsule.dev", Kind: "tenantnodes", UID: *uid(f)}}
		p := tc.preconditions(f)
		got, gone, err := f.Delete(as("alice"), "solar-1", nil, &metav1.DeleteOptions{Preconditions: &p})
		if code := codeOf(t, err); code != tc.code {
			t.Errorf("%s: code %d, want %d: %v", name, code, tc.code, err)
		}
		if tc.code != 200 {
			continue
		}
		if diff := cmp.Diff(runtime.Object(want), got); diff != "" || !gone {
			t.Errorf("%s: gone %v (-want +got):\n%s", name, gone, diff)
		}
		if _, err := f.Get(as("alice"), "solar-1", &metav1.GetOptions{}); codeOf(t, err) != 404 {
			t.Errorf("%s: a get after the deletion: %v", name, err)
		}
	}
	// An object with finalizers goes on to exist.
	f := newNodeFixture(t)
	got, gone, err := f.Delete(as("alice"), "solar-1", nil, nil)
	if err != nil || gone || got.(*v1alpha1.TenantNode).DeletionTimestamp == nil || got.(*v1alpha1.TenantNode).Finalizers != nil {
		t.Errorf("with a finalizer: %v, gone %v, %v", got, gone, err)
	}
}

// What a user reads after a write includes it, although the view learns of it later.
func TestReadAfterWrite(t *testing.T) {
	for range 10 {
		f := newNodeFixture(t)
		f.api.nodes["solar-1"].Finalizers = nil
		f.api.late = true
		changed, err := f.update(as("alice"), "solar-1", label("a", "1"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Get(as("alice"), "solar-1", &metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(runtime.Object(changed), got); diff != "" {
			t.Fatalf("a get after the write (-answer +got):\n%s", diff)
		}
		if _, _, err := f.Delete(as("alice"), "solar-1", nil, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Get(as("alice"), "solar-1", &metav1.GetOptions{}); codeOf(t, err) != 404 {
			t.Fatalf("a get after the deletion: %v", err)
		}
	}
}

// A write that hides the object from its user is answered with what he has written.
func TestWriteThatHides(t *testing.T) {
	f := newNodeFixture(t)
	got, err := f.update(as("alice"), "solar-1", label("pool", "hidden"))
	if err != nil || got.Labels["pool"] != "hidden" || got.Finalizers != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := f.update(as("alice"), "solar-1", label("pool", "solar")); codeOf(t, err) != 404 {
		t.Errorf("after that: %v", err)
	}
}

// The server must not act as a user whose identity would change on the way, or who is in its own group.
func TestIdentitiesThatAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		user user.DefaultInfo
		code int32
	}{
		"usual":               {user.DefaultInfo{Name: "alice", UID: "1", Groups: []string{"devs"}, Extra: map[string][]string{"a/b": {"c"}}}, 200},
		"the server's group":  {user.DefaultInfo{Name: "alice", Groups: []string{"devs", "tenantview.capsule.dev:operators"}}, 403},
		"a key in upper case": {user.DefaultInfo{Name: "alice", Extra: map[string][]string{"A": {"c"}}}, 403},
		"a line break in it":  {user.DefaultInfo{Name: "alice", Groups: []string{"a\nb"}}, 403},
	} {
		f := newNodeFixture(t)
		ctx := genericapirequest.WithUser(context.Background(), &tc.user)
		_, err := f.update(ctx, "solar-1", label("a", "1"))
		_, _, deletion := f.Delete(ctx, "solar-1", nil, &metav1.DeleteOptions{DryRun: []string{"All"}})
		if codeOf(t, err) != tc.code || codeOf(t, deletion) != tc.code {
			t.Errorf("%s: %v and %v, want %d", name, err, deletion, tc.code)
		}
		// It says nothing about objects.
		_, hidden := f.update(ctx, "hidden-1", label("a", "1"))
		_, absent := f.update(ctx, "absent-1", label("a", "1"))
		if want := strings.ReplaceAll(absent.Error(), "absent", "hidden"); hidden.Error() != want {
			t.Errorf("%s: %v and %v", name, hidden, absent)
		}
		if tc.code != 200 && len(f.api.written) > 0 {
			t.Errorf("%s: kube-apiserver was asked %v", name, f.api.written)
		}
	}
}
