// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package accessreview

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

var tenantNodes = schema.GroupVersionResource{Group: "tenantview.capsule.dev", Version: "v1alpha1", Resource: "tenantnodes"}

func newDelegated(f *fake, names *NameLimit) *Delegated {
	return NewDelegated(DelegatedConfig{
		Reviews: f, Served: sets.New(tenantNodes), Names: names, AllowTTL: 10 * time.Second, DenyTTL: 5 * time.Second,
	})
}

func requestFor(u user.Info, verb, name string) authorizer.AttributesRecord {
	a := attributes(u, tenantNodes, verb, name).(authorizer.AttributesRecord)
	a.Path = "/apis/tenantview.capsule.dev/v1alpha1/tenantnodes/" + name
	return a
}

// answers holds the allowed questions, by verb and name.
func answers(allowed ...string) *fake {
	return &fake{answer: func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, error) {
		for _, question := range allowed {
			if question == strings.TrimSpace(a.GetVerb()+" "+a.GetName()) {
				return authorizer.DecisionAllow, nil
			}
		}
		return authorizer.DecisionNoOpinion, nil
	}}
}

// asked returns the questions that were asked, in short form.
func (f *fake) questions() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, a := range f.asked {
		all = append(all, strings.TrimSpace(a.GetVerb()+" "+a.GetName()))
	}
	return all
}

func TestDelegatedAsksAboutAllNamesFirst(t *testing.T) {
	for name, tc := range map[string]struct {
		allowed []string
		verb    string
		name    string
		want    authorizer.Decision
		asked   []string
	}{
		"all names":                {[]string{"get"}, "get", "n1", authorizer.DecisionAllow, []string{"get"}},
		"this name":                {[]string{"get n1"}, "get", "n1", authorizer.DecisionAllow, []string{"get", "get n1"}},
		"another name":             {[]string{"get n2"}, "get", "n1", authorizer.DecisionNoOpinion, []string{"get", "get n1"}},
		"another verb":             {[]string{"list"}, "get", "n1", authorizer.DecisionNoOpinion, []string{"get", "get n1"}},
		"a list":                   {[]string{"list"}, "list", "", authorizer.DecisionAllow, []string{"list"}},
		"a list of one":            {[]string{"list n1"}, "list", "n1", authorizer.DecisionAllow, []string{"list", "list n1"}},
		"a list of all by a name":  {[]string{"list n1"}, "list", "", authorizer.DecisionNoOpinion, []string{"list"}},
		"the longest name":         {nil, "get", strings.Repeat("n", 253), authorizer.DecisionNoOpinion, []string{"get", "get " + strings.Repeat("n", 253)}},
		"a name that is too long":  {nil, "get", strings.Repeat("n", 254), authorizer.DecisionNoOpinion, []string{"get"}},
		"too long, but all may be": {[]string{"get"}, "get", strings.Repeat("n", 7000), authorizer.DecisionAllow, []string{"get"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := answers(tc.allowed...)
			d := newDelegated(f, NewNameLimit())
			for range 2 { // the second answer comes from the cache
				if got, _, err := d.Authorize(t.Context(), requestFor(alice, tc.verb, tc.name)); got != tc.want || err != nil {
					t.Errorf("decision %v, %v; want %v", got, err, tc.want)
				}
			}
			if diff := cmp.Diff(tc.asked, f.questions()); diff != "" {
				t.Errorf("questions (-want +got):\n%s", diff)
			}
		})
	}
}

// Impersonation is not asked about without a name: some authorizers make exceptions for names.
func TestDelegatedAsksAboutImpersonationByName(t *testing.T) {
	f := answers("impersonate")
	d := newDelegated(f, NewNameLimit())
	a := authorizer.AttributesRecord{User: alice, Verb: "impersonate", APIVersion: "v1", Resource: "users", Name: "bob", ResourceRequest: true}
	if got, _, err := d.Authorize(t.Context(), a); got != authorizer.DecisionNoOpinion || err != nil {
		t.Errorf("decision %v, %v", got, err)
	}
	if diff := cmp.Diff([]string{"impersonate bob"}, f.questions()); diff != "" {
		t.Errorf("questions (-want +got):\n%s", diff)
	}
}

// A user who may get all objects can get a thousand of them with one review and without a limit.
func TestDelegatedReviewsOfNames(t *testing.T) {
	f := answers("get")
	d := newDelegated(f, NewNameLimit())
	for i := range 1000 {
		if got, _, err := d.Authorize(t.Context(), requestFor(alice, "get", fmt.Sprint("n", i))); got != authorizer.DecisionAllow || err != nil {
			t.Fatalf("decision %v, %v", got, err)
		}
	}
	if f.count() != 1 {
		t.Errorf("%d reviews of 1000 names, want 1", f.count())
	}
}

// Requests that differ only in their selectors are the same question.
func TestDelegatedAsksWithoutSelectors(t *testing.T) {
	f := answers("list")
	d := newDelegated(f, NewNameLimit())
	for i := range 100 {
		a := requestFor(alice, "list", "")
		selector := labels.SelectorFromSet(labels.Set{"key": fmt.Sprint(i)})
		a.LabelSelectorRequirements, _ = selector.Requirements()
		a.FieldSelectorRequirements = fields.OneTermEqualSelector("metadata.namespace", fmt.Sprint(i)).Requirements()
		if got, _, err := d.Authorize(t.Context(), a); got != authorizer.DecisionAllow || err != nil {
			t.Fatalf("decision %v, %v", got, err)
		}
	}
	if f.count() != 1 {
		t.Errorf("%d reviews of one question, want 1", f.count())
	}
	byLabel, _ := f.asked[0].GetLabelSelector()
	byField, _ := f.asked[0].GetFieldSelector()
	if len(byLabel) > 0 || len(byField) > 0 {
		t.Errorf("asked with the selectors %v, %v", byLabel, byField)
	}
}

// Questions that a user can invent are limited for each user, by one limit for all reviewers. The
// limit does not depend on which names exist: the authorizer does not know that.
func TestDelegatedLimitsInventions(t *testing.T) {
	path := func(u user.Info, i int) authorizer.Attributes {
		return authorizer.AttributesRecord{User: u, Verb: "get", Path: fmt.Sprint("/invented/", i)}
	}
	change := func(change func(a *authorizer.AttributesRecord, text string)) func(user.Info, int) authorizer.Attributes {
		return func(u user.Info, i int) authorizer.Attributes {
			a := requestFor(u, "get", "")
			change(&a, fmt.Sprint("invented", i))
			return a
		}
	}
	for what, ask := range map[string]func(user.Info, int) authorizer.Attributes{
		"names":        func(u user.Info, i int) authorizer.Attributes { return requestFor(u, "get", fmt.Sprint("n", i)) },
		"lists of one": func(u user.Info, i int) authorizer.Attributes { return requestFor(u, "list", fmt.Sprint("n", i)) },
		"paths":        path,
		"subresources": change(func(a *authorizer.AttributesRecord, text string) { a.Subresource = text }),
		"resources":    change(func(a *authorizer.AttributesRecord, text string) { a.Resource = text }),
		"versions":     change(func(a *authorizer.AttributesRecord, text string) { a.APIVersion = text }),
		"groups":       change(func(a *authorizer.AttributesRecord, text string) { a.APIGroup = text }),
		"namespaces":   change(func(a *authorizer.AttributesRecord, text string) { a.Namespace = text }),
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // its clock stands still
				f := answers()
				names := NewNameLimit()
				d, r := newDelegated(f, names), New(f, 30*time.Second, names)
				refused := 0
				for i := range 1000 {
					got, _, err := d.Authorize(t.Context(), ask(alice, i))
					if got != authorizer.DecisionNoOpinion || err != nil && !errors.Is(err, ErrTooManyNames) {
						t.Fatalf("decision %v, %v", got, err)
					}
					if err != nil {
						refused++
					}
				}
				if most := nameBurst + 1; refused != 1000-nameBurst || f.count() > most {
					t.Errorf("%d of 1000 refused after %d reviews, want %d after %d at most", refused, f.count(), 1000-nameBurst, most)
				}
				if _, err := r.CanGet(t.Context(), alice, nodes, "n"); !errors.Is(err, ErrTooManyNames) {
					t.Errorf("reviews of upstream names have a separate limit: %v", err)
				}
				for _, free := range []authorizer.Attributes{ask(alice, 0), requestFor(alice, "list", ""), requestFor(alice, "watch", ""), ask(bob, 0)} {
					if _, _, err := d.Authorize(t.Context(), free); err != nil {
						t.Errorf("%v is limited: %v", free, err)
					}
				}
				time.Sleep(time.Second)
				if _, _, err := d.Authorize(t.Context(), ask(alice, 5000)); err != nil {
					t.Errorf("a second later: %v", err)
				}
			})
		})
	}
}

func TestDelegatedKeepsAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		decision authorizer.Decision
		err      error
		ttl      time.Duration
	}{
		"allowed":     {authorizer.DecisionAllow, nil, 10 * time.Second},
		"not allowed": {authorizer.DecisionNoOpinion, nil, 5 * time.Second},
		"denied":      {authorizer.DecisionDeny, nil, 5 * time.Second},
		"failed":      {authorizer.DecisionNoOpinion, errors.New("away"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: func(context.Context, authorizer.Attributes) (authorizer.Decision, error) { return tc.decision, tc.err }}
				d := newDelegated(f, NewNameLimit())
				ask := func() int {
					if got, _, err := d.Authorize(t.Context(), requestFor(alice, "list", "")); got != tc.decision || !errors.Is(err, tc.err) {
						t.Errorf("decision %v, %v", got, err)
					}
					return f.count()
				}
				if tc.ttl == 0 {
					if ask(); ask() != 2 {
						t.Error("a failure is kept")
					}
					return
				}
				first := ask()
				time.Sleep(tc.ttl - 1)
				kept := ask()
				time.Sleep(2 * time.Nanosecond)
				if diff := cmp.Diff([]int{1, 1, 2}, []int{first, kept, ask()}); diff != "" {
					t.Errorf("reviews (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Answers belong to one user: the same question of another user is a different question.
func TestDelegatedQuestionsAreApart(t *testing.T) {
	base := requestFor(alice, "get", "n")
	questions := map[string]authorizer.AttributesRecord{"base": base}
	vary := func(name string, change func(*authorizer.AttributesRecord)) {
		q := base
		change(&q)
		questions[name] = q
	}
	vary("user", func(q *authorizer.AttributesRecord) { q.User = bob })
	vary("extra", func(q *authorizer.AttributesRecord) {
		q.User = &user.DefaultInfo{Name: alice.Name, UID: alice.UID, Groups: alice.Groups}
	})
	vary("verb", func(q *authorizer.AttributesRecord) { q.Verb = "ge" })
	vary("group", func(q *authorizer.AttributesRecord) { q.APIGroup = "tenantview" })
	vary("version", func(q *authorizer.AttributesRecord) { q.APIVersion = "v1" })
	vary("resource", func(q *authorizer.AttributesRecord) { q.Resource = "tenantnode" })
	vary("subresource", func(q *authorizer.AttributesRecord) { q.Subresource = "status" })
	vary("namespace", func(q *authorizer.AttributesRecord) { q.Namespace = "n" })
	vary("name", func(q *authorizer.AttributesRecord) { q.Name = "m" })
	vary("no name", func(q *authorizer.AttributesRecord) { q.Name = "" })
	vary("moved", func(q *authorizer.AttributesRecord) { q.Name, q.Namespace = "", "n" })
	vary("path", func(q *authorizer.AttributesRecord) { q.ResourceRequest = false })
	known := map[any]string{}
	for name, q := range questions {
		digest := digestOf(q)
		if other, ok := known[digest]; ok {
			t.Errorf("%q and %q count as the same question", name, other)
		}
		known[digest] = name
	}
}

func TestDelegatedAsksEqualQuestionsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		f := &fake{answer: func(ctx context.Context, _ authorizer.Attributes) (authorizer.Decision, error) {
			<-answer
			return authorizer.DecisionAllow, ctx.Err()
		}}
		d := newDelegated(f, NewNameLimit())
		first, cancel := context.WithCancel(t.Context())
		var waiting sync.WaitGroup
		waiting.Go(func() {
			if got, _, err := d.Authorize(first, requestFor(alice, "watch", "")); got == authorizer.DecisionAllow || err == nil {
				t.Error("a request that is cancelled is allowed")
			}
		})
		synctest.Wait()
		for range 1000 {
			waiting.Go(func() {
				if got, _, err := d.Authorize(t.Context(), requestFor(alice, "watch", "")); got != authorizer.DecisionAllow || err != nil {
					t.Errorf("decision %v, %v", got, err)
				}
			})
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(answer)
		waiting.Wait()
		if f.count() != 1 {
			t.Errorf("%d reviews at a time of one question", f.count())
		}
	})
}

// Nor do many requests for one object use up what their user may ask about names.
func TestDelegatedCountsEqualQuestionsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		f := &fake{answer: func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, error) {
			<-answer
			if a.GetName() == "n" {
				return authorizer.DecisionAllow, nil
			}
			return authorizer.DecisionNoOpinion, nil
		}}
		d := newDelegated(f, NewNameLimit())
		var waiting sync.WaitGroup
		for range 4 * nameBurst {
			waiting.Go(func() {
				if got, _, err := d.Authorize(t.Context(), requestFor(alice, "get", "n")); got != authorizer.DecisionAllow || err != nil {
					t.Errorf("decision %v, %v", got, err)
				}
			})
		}
		synctest.Wait()
		answer <- struct{}{} // of the question without the name
		synctest.Wait()
		close(answer)
		waiting.Wait()
		if got := f.questions(); len(got) != 2 {
			t.Errorf("asked %q", got)
		}
	})
}

// Long questions do not take more memory. The authorizer of k8s.io/apiserver would keep 64 MiB of
// these paths.
func TestDelegatedKeepsLittle(t *testing.T) {
	f := &fake{answer: func(context.Context, authorizer.Attributes) (authorizer.Decision, error) {
		return authorizer.DecisionNoOpinion, nil
	}}
	d := newDelegated(f, NewNameLimit())
	long := strings.Repeat("a", 8000)
	before := heap()
	for i := range decisions {
		u := &user.DefaultInfo{Name: fmt.Sprint("user-", i)}
		if _, _, err := d.Authorize(t.Context(), authorizer.AttributesRecord{User: u, Verb: "get", Path: "/" + long + fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
		f.asked = f.asked[:0]
	}
	f.asked = nil
	kept := heap() - before
	t.Logf("%d answers take %d KiB", decisions, kept>>10)
	if kept > 16<<20 {
		t.Errorf("%d answers take %d KiB", decisions, kept>>10)
	}
	runtime.KeepAlive(d)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
