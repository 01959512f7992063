// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/tenantnamespace"
	"capsule.dev/tenantview/pkg/view"
)

// fixture is the REST of namespaces over a view that the test fills itself.
type fixture struct {
	*registry.REST
	set     *view.Set
	view    *view.View
	reviews reviews
	synced  bool
	// observed are the sizes of the answered lists.
	observed []int
}

func newFixture() *fixture {
	f := &fixture{set: view.NewSet("namespaces"), reviews: reviews{}, synced: true}
	f.view = f.set.View("namespaces")
	f.set.Update(0, (*view.Tx).GoLive)
	f.REST = registry.NewREST(tenantnamespace.Kind(), f.view, registry.Config{
		Viewers:     viewers{},
		ServerID:    serverID,
		Reviews:     f.reviews,
		Synced:      func() bool { return f.synced },
		ObserveList: func(_ string, items int) { f.observed = append(f.observed, items) },
	})
	return f
}

// put publishes a namespace of a tenant.
func (f *fixture) put(version uint64, name, tenant string, set map[string]string) {
	f.set.Update(version, func(tx *view.Tx) {
		tx.Put(f.view, view.Object{
			Attributes: view.Attributes{Name: name, Partition: tenant, Labels: view.NewLabels(set)},
			Version:    version,
			Value: synthetic.Packed(&corev1.Namespace{
				ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid-" + name), Labels: set},
				Status:     corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
			}),
		})
	})
}

func (f *fixture) delete(version uint64, name string) {
	f.set.Update(version, func(tx *view.Tx) { tx.Delete(f.view, name) })
}

// observe raises the revision as a bookmark of the source does.
func (f *fixture) observe(version uint64) {
	f.set.Update(version, func(tx *view.Tx) { tx.Observe(f.view, version) })
}

func (f *fixture) grant(s view.Subject, c view.Criterion, ops view.Operations) {
	f.set.Update(0, func(tx *view.Tx) { tx.Grant(f.view, s, view.Grant{Criterion: c, Operations: ops}) })
}

func (f *fixture) revoke(s view.Subject, c view.Criterion, ops view.Operations) {
	f.set.Update(0, func(tx *view.Tx) { tx.Revoke(f.view, s, view.Grant{Criterion: c, Operations: ops}) })
}

const listAndGet = view.OpList | view.OpGet

// newSolarFixture returns a fixture in which alice owns the tenant solar with four namespaces. The
// tenant wind has one namespace, and one belongs to no tenant. The revision is 100.
func newSolarFixture() *fixture {
	f := newFixture()
	f.put(11, "solar-d", "solar", map[string]string{"env": "prod", "team": "d"})
	f.put(12, "solar-a", "solar", map[string]string{"env": "prod"})
	f.put(13, "solar-c", "solar", map[string]string{"env": "test"})
	f.put(14, "solar-b", "solar", nil)
	f.put(15, "wind-a", "wind", map[string]string{"env": "prod"})
	f.put(16, "kube-system", "", nil)
	f.grant(view.User("alice"), view.Partition("solar"), listAndGet)
	f.grant(view.Group("windy"), view.Partition("wind"), listAndGet)
	f.observe(100)
	return f
}

// viewers shows users what is granted to their names and groups.
type viewers struct{}

func (viewers) Viewer(u user.Info) view.Viewer {
	return view.Viewer{Subjects: grants.Subjects(u)}
}

func (viewers) Changed() <-chan struct{} { return nil }

// reviews allows what it contains: "alice list" or "alice get NAME".
type reviews map[string]bool

func (r reviews) CanList(_ context.Context, u user.Info, _ schema.GroupVersionResource) (bool, error) {
	return r[u.GetName()+" list"], nil
}

func (r reviews) CanStillList(_ context.Context, u user.Info, _ schema.GroupVersionResource) (bool, error) {
	return r[u.GetName()+" list"], nil
}

func (r reviews) CanGet(_ context.Context, u user.Info, _ schema.GroupVersionResource, name string) (bool, error) {
	return r[u.GetName()+" get "+name], nil
}

func as(name string, groups ...string) context.Context {
	return genericapirequest.WithUser(context.Background(), &user.DefaultInfo{Name: name, Groups: groups})
}

// request holds the parameters of a list request, as they come over HTTP.
type request struct {
	labels, fields   string
	limit            int64
	next             string
	version          string
	versionMatch     metav1.ResourceVersionMatch
	withoutSelectors bool // nil instead of empty ones
}

func (q request) options(t testing.TB) *metainternalversion.ListOptions {
	t.Helper()
	byLabel, err := labels.Parse(q.labels)
	if err != nil {
		t.Fatal(err)
	}
	byField, err := fields.ParseSelector(q.fields)
	if err != nil {
		t.Fatal(err)
	}
	options := &metainternalversion.ListOptions{
		LabelSelector: byLabel, FieldSelector: byField, Limit: q.limit, Continue: q.next,
		ResourceVersion: q.version, ResourceVersionMatch: q.versionMatch,
	}
	if q.withoutSelectors {
		options.LabelSelector, options.FieldSelector = nil, nil
	}
	return options
}

// answer holds the parts of a list that the tests compare.
type answer struct {
	Names     []string
	Version   string // the revision
	More      bool
	Remaining int64 // -1 if the list does not report it
}

// list returns the answer and the token that continues it.
func (f *fixture) list(ctx context.Context, t testing.TB, q request) (answer, string) {
	t.Helper()
	got, err := f.List(ctx, q.options(t))
	if err != nil {
		t.Fatalf("listing %+v: %v", q, err)
	}
	l := got.(*v1alpha1.TenantNamespaceList)
	a := answer{Version: revisionOf(l.ResourceVersion), More: l.Continue != "", Remaining: -1}
	for i := range l.Items {
		a.Names = append(a.Names, l.Items[i].Name)
	}
	if l.RemainingItemCount != nil {
		a.Remaining = *l.RemainingItemCount
	}
	return a, l.Continue
}

// statusOf returns the status that a client gets for an error.
func statusOf(t testing.TB, err error) metav1.Status {
	t.Helper()
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		t.Fatalf("error %v is not an API error", err)
	}
	return status.Status()
}

// codeOf returns the HTTP status of an error; 200 for none.
func codeOf(t testing.TB, err error) int32 {
	t.Helper()
	if err == nil {
		return 200
	}
	return statusOf(t, err).Code
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
