// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/tenancy"
	"capsule.dev/tenantview/pkg/view"
)

// paced is a cluster in which it takes a second to work out what the ProxySettings of a Tenant grant.
type paced struct {
	*tenancy.Cluster
	settings   *tenancy.Sink[*capsule.ProxySetting]
	tenants    *tenancy.Sink[*capsule.Tenant]
	namespaces *tenancy.Sink[tenancy.Namespace]
	version    uint64
	// worked counts how often that was done for each Tenant, and spent is the time that it took by
	// the cluster's clock.
	mu     sync.Mutex
	worked map[string]int
	spent  time.Duration
}

// workedOut returns how often that was done for a Tenant.
func (p *paced) workedOut(tenant string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.worked[tenant]
}

const workTime = time.Second

func newPaced(ofTenant, ofAll int) *paced {
	p := &paced{worked: make(map[string]int)}
	slow := grants.Kind{Upstream: corev1.SchemeGroupVersion.WithResource("namespaces"),
		OfTenant: func(t *capsule.Tenant, _ *grants.Policy) (view.Criterion, []grants.Problem) {
			if len(t.Spec.Owners) == 0 { // those with owners are worked out for these, too
				p.mu.Lock()
				p.worked[t.Name]++
				p.mu.Unlock()
				p.spent += workTime / 2 // for the Tenant itself, and for its settings
			}
			return view.Partition(t.Name), nil
		}}
	nodes := grants.Kind{Upstream: corev1.SchemeGroupVersion.WithResource("nodes"), ProxySetting: "Nodes",
		OfTenant: func(*capsule.Tenant, *grants.Policy) (view.Criterion, []grants.Problem) { return view.All(), nil }}
	p.Cluster = tenancy.New([]grants.Kind{slow, nodes}, grants.DefaultPolicy(), nil)
	p.LimitSettings(ofTenant, ofAll)
	p.SetClock(func() time.Time { return time.Now().Add(p.spent) })
	p.settings, p.tenants, p.namespaces = p.ProxySettings(), p.Tenants(), p.Namespaces()
	for _, name := range []string{"solar", "wind"} {
		p.tenant(name, nil)
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: []metav1.OwnerReference{
			{APIVersion: "capsule.clastix.io/v1beta2", Kind: "Tenant", Name: name, UID: "uid"},
		}}}
		p.namespaces.Put(item(p, "", name, synthetic.Keep(tenancy.NewNamespace, ns)))
	}
	p.GoLive()
	clear(p.worked)
	return p
}

func item[T any](p *paced, namespace, name string, o T) tenancy.Item[T] {
	p.version++
	return tenancy.Item[T]{Key: tenancy.Key{Namespace: namespace, Name: name}, Version: p.version, Value: o}
}

func (p *paced) tenant(name string, selector map[string]string) {
	p.tenants.Put(item(p, "", name, &capsule.Tenant{Meta: capsule.Meta{Name: name, UID: "uid"}, Spec: capsule.TenantSpec{NodeSelector: selector}}))
}

// grant has a Tenant grant its namespaces to a user.
func (p *paced) grant(tenant, user string) {
	s := &capsule.ProxySetting{Meta: capsule.Meta{Namespace: tenant, Name: "ps"}}
	s.Spec.Subjects = []capsule.ProxySubject{{Subject: capsule.Subject{Kind: "User", Name: user}}}
	p.settings.Put(item(p, tenant, "ps", s))
}

func (p *paced) shows(user string) bool {
	return p.View(corev1.Resource("namespaces")).ShowsAny(view.Viewer{Subjects: []view.Subject{view.User(user)}})
}

// grantNodes has a setting grant operations on nodes to a user, or to nobody without operations.
func (p *paced) grantNodes(setting, user string, operations ...string) {
	s := &capsule.ProxySetting{Meta: capsule.Meta{Namespace: "solar", Name: setting}}
	if len(operations) > 0 {
		s.Spec.Subjects = []capsule.ProxySubject{{Subject: capsule.Subject{Kind: "User", Name: user},
			ProxySettings: []capsule.ProxyOperations{{Kind: "Nodes", Operations: operations}}}}
	}
	p.settings.Put(item(p, "solar", setting, s))
}

// may returns what a user may do to nodes: some of the letters LUD.
func (p *paced) may(user string) string {
	p.version++
	nodes, who := p.View(corev1.Resource("nodes")), view.Viewer{Subjects: []view.Subject{view.User(user)}}
	letters := ""
	for _, o := range []struct {
		letter string
		op     view.Operations
	}{{"L", view.OpList}, {"U", view.OpUpdate}, {"D", view.OpDelete}} {
		if _, ok := nodes.Get(who, "n", o.op); ok {
			letters += o.letter
		}
	}
	return letters
}

// What somebody may write must not outlive the grant, although the changes of settings are put off. All
// else waits as before: otherwise a Tenant could get more than its share by rewriting such settings.
func TestWritesAreRevokedAtOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*paced)
		// bob is what he may do at once, and later when the change has had its turn.
		bob, later string
	}{
		"a setting is deleted":      {func(p *paced) { p.settings.Delete(tenancy.Key{Namespace: "solar", Name: "a"}, p.version) }, "L", ""},
		"it names nobody any more":  {func(p *paced) { p.grantNodes("a", "") }, "L", ""},
		"it gives fewer operations": {func(p *paced) { p.grantNodes("a", "bob", "List", "Delete") }, "L", "LD"},
		"it cannot be decoded": {func(p *paced) {
			p.settings.Put(tenancy.Item[*capsule.ProxySetting]{Key: tenancy.Key{Namespace: "solar", Name: "a"}, Err: errors.New("no")})
		}, "L", ""},
		"another setting is deleted":   {func(p *paced) { p.settings.Delete(tenancy.Key{Namespace: "solar", Name: "b"}, p.version) }, "LUD", "LUD"},
		"another setting is rewritten": {func(p *paced) { p.grantNodes("b", "eve", "List") }, "LUD", "LUD"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPaced(20, 2)
				time.Sleep(time.Hour)
				p.Objects(corev1.Resource("nodes")).Put(tenancy.Item[tenancy.Object]{Key: tenancy.Key{Name: "n"}, Version: 1, Value: synthetic.Keep[metav1.Object](tenancy.NewObject, &corev1.Node{})})
				p.grantNodes("b", "eve", "List", "Update")
				time.Sleep(time.Hour)
				p.grantNodes("a", "bob", "List", "Update", "Delete")
				if p.may("bob") != "LUD" || p.may("eve") != "LU" {
					t.Fatalf("bob may %s, eve %s", p.may("bob"), p.may("eve"))
				}
				worked := p.workedOut("solar")
				tc.change(p)
				if p.workedOut("solar") != worked {
					t.Error("the change was not put off")
				}
				if got := p.may("bob"); got != tc.bob {
					t.Errorf("at once, bob may %s, want %s", got, tc.bob)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if got := p.may("bob"); got != tc.later || p.workedOut("solar") != worked+1 {
					t.Errorf("later, bob may %s, want %s; worked out %d times", got, tc.later, p.workedOut("solar")-worked)
				}
			})
		})
	}
}

// Users of a Tenant who write settings again and again get only a part of the time in which the
// events of all others are applied. What they have written last counts.
func TestSettingsOfATenantAreSpreadOverTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaced(20, 2)
		time.Sleep(time.Hour)
		p.grant("solar", "user-0")
		if !p.shows("user-0") || p.workedOut("solar") != 1 {
			t.Errorf("the first change is put off; worked out %d times", p.workedOut("solar"))
		}
		begin := time.Now()
		for i := 1; time.Since(begin) < 100*workTime; i++ {
			p.grant("solar", fmt.Sprint("user-", i))
			time.Sleep(workTime / 10)
		}
		// Half a second each, so nine and a half of pause: a change in ten seconds.
		if got := p.workedOut("solar"); got < 9 || got > 13 {
			t.Errorf("worked out %d times in %v", got, time.Since(begin))
		}
		p.grant("solar", "last")
		time.Sleep(20 * workTime)
		synctest.Wait()
		if !p.shows("last") || p.shows("user-0") {
			t.Errorf("last is shown something: %v; user-0 still: %v", p.shows("last"), p.shows("user-0"))
		}
	})
}

// The others' settings, and what administrators decide, do not wait for one Tenant's.
func TestOtherChangesAreNotPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaced(20, 2)
		time.Sleep(time.Hour)
		p.grant("solar", "bob")
		time.Sleep(workTime) // which is the others' half
		p.grant("wind", "eve")
		if !p.shows("eve") {
			t.Error("the settings of wind wait for those of solar")
		}
		p.grant("solar", "carol")
		if p.shows("carol") || !p.shows("bob") {
			t.Errorf("carol is shown something: %v; bob: %v", p.shows("carol"), p.shows("bob"))
		}
		p.tenant("solar", map[string]string{"pool": "a"}) // may be a restriction
		if !p.shows("carol") || p.shows("bob") {
			t.Errorf("after a change of the Tenant, carol is shown something: %v; bob: %v", p.shows("carol"), p.shows("bob"))
		}
		p.grant("solar", "dave")
		p.tenants.Delete(tenancy.Key{Name: "solar"}, p.version)
		if p.shows("carol") || p.shows("dave") {
			t.Error("a Tenant that is deleted still grants something")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if p.shows("dave") {
			t.Error("what was put off is granted though the Tenant has been deleted")
		}
	})
}

// When readers are admitted, nothing may still be put off.
func TestNothingIsPutOffWhenReadersAreAdmitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaced(20, 2)
		time.Sleep(time.Hour)
		p.grant("solar", "bob")
		p.grant("solar", "carol")
		if p.shows("carol") {
			t.Error("the second change is not put off")
		}
		p.GoLive()
		if !p.shows("carol") || p.shows("bob") {
			t.Errorf("carol is shown something: %v; bob: %v", p.shows("carol"), p.shows("bob"))
		}
	})
}

// While a change of ProxySettings is put off, reasons are those of what users see now.
func TestReasonsFollowWhatIsApplied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaced(20, 2)
		explained := func(name string) int {
			traced, _ := p.Explain(&user.DefaultInfo{Name: name}, corev1.Resource("namespaces"), "")
			return len(traced)
		}
		time.Sleep(time.Hour)
		p.grant("solar", "bob")
		p.grant("solar", "carol") // put off
		if p.shows("carol") || explained("bob") != 1 || explained("carol") != 0 {
			t.Errorf("carol is shown something: %v; bob has %d grants, carol %d", p.shows("carol"), explained("bob"), explained("carol"))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if !p.shows("carol") || explained("bob") != 0 || explained("carol") != 1 {
			t.Errorf("carol is shown something: %v; then bob has %d grants, carol %d", p.shows("carol"), explained("bob"), explained("carol"))
		}
	})
}
