// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
	"capsule.dev/tenantview/internal/cases"
	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/pkg/generated/clientset/versioned"
	"capsule.dev/tenantview/pkg/grants"
)

// flags returns the server's flags that set a policy, whatever the defaults are.
func flags(p *grants.Policy) []string {
	return []string{
		"--owner-grants=" + string(p.OwnerGrants),
		"--unset-classes=" + string(p.UnsetClasses),
		"--unset-node-selector=" + string(p.UnsetNodeSelector),
		"--native-rbac=" + string(p.NativeRBAC),
		fmt.Sprintf("--capsule-users-only=%t", p.CapsuleUsersOnly),
		"--proxy-setting-rules=" + string(p.ProxySettingRules),
		"--proxy-setting-grants=" + string(p.ProxySettingGrants),
		"--tenant-subjects=" + string(p.TenantSubjects),
		"--global-proxy-settings=" + string(p.GlobalProxySettings),
		"--role-binding-namespaces=" + string(p.RoleBindingNamespaces),
		"--pv-claim-ref=" + string(p.PVClaimRef),
	}
}

// TestCases runs every case that a real cluster can hold. With the case's policy, the server shows the
// user exactly what the table says, through every client. All cases of a policy use the same process, so
// each case also shows that nothing is left of earlier ones.
func TestCases(t *testing.T) {
	shared.restoreServer(t)
	b := newBarrier(t, shared)
	everybody := shared.world(t)
	byPolicy := make(map[grants.Policy][]cases.Case)
	for _, c := range cases.All() {
		if c.InMemory == "" {
			byPolicy[c.Policy] = append(byPolicy[c.Policy], c)
		}
	}
	policies := slices.SortedFunc(maps.Keys(byPolicy), func(a, b grants.Policy) int {
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	n := 0
	for _, policy := range policies {
		t.Run(strings.Join(differences(&policy), ","), func(t *testing.T) {
			restart(t, &policy)
			for _, c := range byPolicy[policy] {
				n++
				// The server limits get requests of each user. This otherwise unused group makes the user of
				// each case a different one.
				group := fmt.Sprintf("e2e-case-%d", n)
				t.Run(c.Row+" "+c.Name, func(t *testing.T) {
					run := &caseRun{Case: c, barrier: b, everybody: everybody, group: group}
					run.run(t)
				})
			}
		})
	}
}

// restart restarts the server with a policy. It does not wait for a graceful end of the old one.
func restart(t *testing.T, policy *grants.Policy) {
	t.Helper()
	if err := shared.KillComponent(t.Context(), controlplane.Server); err != nil {
		t.Fatal(err)
	}
	if _, err := shared.StartServer(t.Context(), flags(policy)...); err != nil {
		t.Fatal(err)
	}
}

// differences returns the flags in which a policy differs from the default, as its name.
func differences(p *grants.Policy) []string {
	standard := grants.DefaultPolicy()
	var different []string
	for i, flag := range flags(p) {
		if flag != flags(&standard)[i] {
			different = append(different, strings.TrimPrefix(flag, "--"))
		}
	}
	if len(different) == 0 {
		return []string{"default"}
	}
	return different
}

// world returns all objects of the cluster that decide what users see.
func (c *cluster) world(t *testing.T) []*object {
	t.Helper()
	var all []*object
	for kind, resource := range testcluster.Resources {
		if slices.Contains([]string{"ClusterRoleBinding", "CustomResourceDefinition", "Service", "APIService"}, kind) {
			continue
		}
		list, err := c.Dynamic.Resource(resource).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range list.Items {
			all = append(all, &list.Items[i])
		}
	}
	return all
}

// caseRun is one case on a real cluster.
type caseRun struct {
	cases.Case
	barrier *barrier
	group   string
	// everybody are the objects of the cluster that belong to no case.
	everybody []*object
	// want is what lists must show: the case's expectation for its own objects, and the reference's result
	// for the others. own are all objects of the case, by resource.
	want cases.Names
	own  map[string][]string
	// earlier are the namespaces that the user sees in the earlier state, if the case has one.
	earlier []string
}

func (r *caseRun) run(t *testing.T) {
	clients := newClients(t, shared.asUser(t, &r.User, r.group))
	t.Cleanup(func() { shared.RemoveAll(t, slices.Concat(r.Objects, r.Before)) })
	if len(r.Before) > 0 {
		r.arrangeEarlier(t, clients)
	}
	r.expect(r.put(t, r.Objects))
	if len(r.Before) > 0 && r.Policy.CapsuleUsersOnly {
		r.waitChanged(t, clients)
	} else {
		r.restartOrWait(t)
	}
	t.Run("answers", func(t *testing.T) {
		for _, k := range kinds {
			t.Run(k.Resource(), func(t *testing.T) {
				t.Parallel()
				r.testList(t, clients, k)
				r.testGet(t, clients, k)
			})
		}
	})
}

// arrangeEarlier brings the cluster into the earlier state, checks that the server shows it, and deletes
// what the case lacks.
func (r *caseRun) arrangeEarlier(t *testing.T, c *clients) {
	t.Helper()
	filter := r.reference(r.put(t, r.Before))
	// Without this, the server might never see the earlier state.
	r.restartOrWait(t)
	r.earlier = filter.Names(&r.User, reference.List, "namespaces")
	if diff := cmp.Diff(r.earlier, c.namespaces(t), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("in the earlier state %s sees namespaces (-want +got):\n%s", r.User.Name, diff)
	}
	gone := slices.DeleteFunc(slices.Clone(r.Before), func(o *object) bool {
		return slices.ContainsFunc(r.Objects, func(p *object) bool { return reference.RefOf(p) == reference.RefOf(o) })
	})
	shared.RemoveAll(t, gone)
}

// put puts objects and returns the stored ones.
func (r *caseRun) put(t *testing.T, objects []*object) []*object {
	t.Helper()
	stored, err := shared.Put(t.Context(), objects...)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// restartOrWait returns when the server has seen everything that was written.
func (r *caseRun) restartOrWait(t *testing.T) {
	t.Helper()
	if !r.Policy.CapsuleUsersOnly {
		if err := r.barrier.wait(t.Context(), &r.Policy); err != nil {
			t.Fatal(err)
		}
		return
	}
	// The barrier's users are not users of Capsule. But a starting server is not ready before it has read
	// everything.
	restart(t, &r.Policy)
}

// waitChanged returns when the server has seen that Capsule's users have changed: when the user no longer
// sees the namespaces of the earlier state. It accepts any other result. The following tests check whether
// it is right. A restart would not do, because a new server does not see a change.
func (r *caseRun) waitChanged(t *testing.T, c *clients) {
	t.Helper()
	if slices.Equal(r.earlier, r.want["namespaces"]) {
		t.Fatalf("%s sees the namespaces %v before and after the change, which must show in them", r.User.Name, r.earlier)
	}
	testcluster.Eventually(t, "the server has seen the change", func() error {
		if got := c.namespaces(t); slices.Equal(got, r.earlier) {
			return fmt.Errorf("%s still sees %v", r.User.Name, got)
		}
		return nil
	})
}

// expect computes what the user must see.
func (r *caseRun) expect(stored []*object) {
	r.own = make(map[string][]string)
	for _, o := range stored {
		ref := reference.RefOf(o)
		r.own[ref.Resource] = append(r.own[ref.Resource], ref.Name)
	}
	filter := r.reference(stored)
	r.want = make(cases.Names)
	for _, k := range kinds {
		resource := k.Upstream.Resource
		all := slices.Clone(r.List[resource])
		for _, name := range filter.Names(&r.User, reference.List, resource) {
			if !slices.Contains(r.own[resource], name) {
				all = append(all, name)
			}
		}
		sort.Strings(all)
		r.want[resource] = all
	}
}

// reference returns the filter for a cluster with these objects of the case.
func (r *caseRun) reference(stored []*object) *reference.Filter {
	world := reference.NewWorld()
	for _, o := range slices.Concat(r.everybody, stored) {
		world.Put(o)
	}
	return &reference.Filter{World: world, Policy: r.Policy}
}

// testList compares a list with what it must show, and the clients with each other.
func (r *caseRun) testList(t *testing.T, c *clients, k kind) {
	t.Helper()
	a := testcluster.Get(t, c.config, k.Path()).Expect(t, 200)
	// A list is in alphabetical order, like the lists of kube-apiserver.
	if diff := cmp.Diff(r.want[k.Upstream.Resource], testcluster.Names(a.List(t)), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s sees %s (-want +got):\n%s", r.User.Name, k.Resource(), diff)
	}
	list, err := k.list(t.Context(), c.typed.TenantviewV1alpha1())
	compareTyped(t, k.Resource(), k.newList(), a, list, err)
	untyped, err := c.dynamic.Resource(k.GVR()).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a.List(t).Items, untyped.Items); diff != "" {
		t.Errorf("%s through the dynamic client (-HTTP +dynamic):\n%s", k.Resource(), diff)
	}
}

// testGet gets each object of the case by name. A hidden object must be indistinguishable from one that
// does not exist.
func (r *caseRun) testGet(t *testing.T, c *clients, k kind) {
	t.Helper()
	visible := r.Gettable()[k.Upstream.Resource]
	for _, name := range r.asked(k, visible) {
		a := getPatiently(t, c.config, k.Path()+"/"+name)
		if !slices.Contains(visible, name) {
			if diff := cmp.Diff(notFound(k, name), string(a.Expect(t, 404).Body)); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", k.Resource(), name, diff)
			}
			continue
		}
		a.Expect(t, 200)
		o, err := k.get(t.Context(), c.typed.TenantviewV1alpha1(), name)
		compareTyped(t, k.Resource()+"/"+name, k.newObject(), a, o, err)
		untyped, err := c.dynamic.Resource(k.GVR()).Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a.Object(t).Object, untyped.Object); diff != "" {
			t.Errorf("%s %s through the dynamic client (-HTTP +dynamic):\n%s", k.Resource(), name, diff)
		}
	}
}

// asked returns the names to get: the visible objects of the case, and the first of the hidden ones. Users
// are the same in all cases, and may cause only a few access reviews about names.
func (r *caseRun) asked(k kind, visible []string) []string {
	first := ""
	return slices.DeleteFunc(slices.Clone(r.own[k.Upstream.Resource]), func(name string) bool {
		if !slices.Contains(visible, name) && first == "" {
			first = name
		}
		return !slices.Contains(visible, name) && name != first
	})
}

// getPatiently is like get, but retries while the user has asked for too many names.
func getPatiently(t *testing.T, config *rest.Config, path string) (a testcluster.Answer) {
	t.Helper()
	testcluster.Eventually(t, "the user may ask for more names", func() error {
		if a = testcluster.Get(t, config, path); a.Code == http.StatusTooManyRequests {
			return errors.New(string(a.Body))
		}
		return nil
	})
	return a
}

// notFound returns the whole response body for an object that is hidden or absent.
func notFound(k kind, name string) string {
	return fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",`+
		`"message":"%[1]s.tenantview.capsule.dev \"%[2]s\" not found","reason":"NotFound",`+
		`"details":{"name":"%[2]s","group":"tenantview.capsule.dev","kind":"%[1]s"},"code":404}`+"\n", k.Resource(), name)
}

// clients are the clients that a user may use.
type clients struct {
	config  *rest.Config
	typed   *versioned.Clientset
	dynamic *dynamic.DynamicClient
}

func newClients(t *testing.T, config *rest.Config) *clients {
	t.Helper()
	c := &clients{config: config}
	var err error
	if c.typed, err = versioned.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	if c.dynamic, err = dynamic.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	return c
}

// namespaces returns the names of the namespaces that the user sees.
func (c *clients) namespaces(t *testing.T) []string {
	t.Helper()
	return testcluster.Names(testcluster.Get(t, c.config, kindOf("namespaces").Path()).List(t))
}

// compareTyped compares the result of the generated clientset with a response, which it decodes into an
// empty object of the type. The resourceVersion of a list may rise between the two.
func compareTyped(t *testing.T, what string, into runtime.Object, a testcluster.Answer, got runtime.Object, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s through the clientset: %v", what, err)
	}
	if err := utiljson.Unmarshal(a.Body, into); err != nil {
		t.Fatalf("%v in: %s", err, a.Body)
	}
	for _, o := range []runtime.Object{into, got} {
		// Typed clients drop the kind.
		o.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
		if list, err := meta.ListAccessor(o); err == nil {
			list.SetResourceVersion("")
		}
	}
	if diff := cmp.Diff(into, got); diff != "" {
		t.Errorf("%s through the clientset (-HTTP +clientset):\n%s", what, diff)
	}
}
