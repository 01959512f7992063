// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package accessreview

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

var (
	nodes   = schema.GroupVersionResource{Version: "v1", Resource: "nodes"}
	classes = schema.GroupVersionResource{Group: "storage.k8s.io", Version: "v1", Resource: "storageclasses"}
	alice   = &user.DefaultInfo{Name: "alice", UID: "7", Groups: []string{"devs"}, Extra: map[string][]string{"scopes": {"a"}}}
	bob     = &user.DefaultInfo{Name: "bob"}
)

// fake is an authorizer that records its questions.
type fake struct {
	answer func(context.Context, authorizer.Attributes) (authorizer.Decision, error)

	mu    sync.Mutex
	asked []authorizer.Attributes
}

func (f *fake) Authorize(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	f.mu.Lock()
	f.asked = append(f.asked, a)
	f.mu.Unlock()
	decision, err := f.answer(ctx, a)
	return decision, "", err
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.asked)
}

func allowing() *fake {
	return &fake{answer: func(context.Context, authorizer.Attributes) (authorizer.Decision, error) {
		return authorizer.DecisionAllow, nil
	}}
}

// is returns the answer without its error.
func is(allowed bool, _ error) bool { return allowed }

func TestAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		decision authorizer.Decision
		err      error
		want     bool
	}{
		"allow":                {decision: authorizer.DecisionAllow, want: true},
		"deny":                 {decision: authorizer.DecisionDeny},
		"no opinion":           {decision: authorizer.DecisionNoOpinion},
		"error":                {decision: authorizer.DecisionNoOpinion, err: errors.New("away")},
		"allow, with an error": {decision: authorizer.DecisionAllow, err: errors.New("in part")},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{answer: func(context.Context, authorizer.Attributes) (authorizer.Decision, error) { return tc.decision, tc.err }}
			r := New(f, 30*time.Second, NewNameLimit())
			var unknown error // an unknown answer allows nothing, but is not a refusal
			if tc.err != nil {
				unknown = ErrUnknown
			}
			for range 2 { // the second answer comes from the cache
				if got, err := r.CanList(t.Context(), alice, classes); got != tc.want || !errors.Is(err, unknown) {
					t.Errorf("list: %v, %v", got, err)
				}
				if got, err := r.CanGet(t.Context(), alice, nodes, "n1"); got != tc.want || !errors.Is(err, unknown) {
					t.Errorf("get: %v, %v", got, err)
				}
			}
			want := []authorizer.Attributes{
				authorizer.AttributesRecord{User: alice, Verb: "list", APIGroup: "storage.k8s.io", APIVersion: "v1", Resource: "storageclasses", ResourceRequest: true},
				authorizer.AttributesRecord{User: alice, Verb: "get", APIVersion: "v1", Resource: "nodes", Name: "n1", ResourceRequest: true},
			}
			if diff := cmp.Diff(want, f.asked); diff != "" {
				t.Errorf("questions (-want +got):\n%s", diff)
			}
		})
	}
}

// Questions that differ in any part must not share an answer.
func TestQuestionsAreApart(t *testing.T) {
	f := allowing()
	r := New(f, 30*time.Second, NewNameLimit())
	ask := []func(){
		func() { _, _ = r.CanList(t.Context(), alice, nodes) },
		func() { _, _ = r.CanList(t.Context(), alice, classes) },
		func() { _, _ = r.CanList(t.Context(), bob, nodes) },
		func() { _, _ = r.CanGet(t.Context(), alice, nodes, "a") },
		func() { _, _ = r.CanGet(t.Context(), alice, nodes, "b") },
		func() { _, _ = r.CanGet(t.Context(), alice, classes, "a") },
		func() { _, _ = r.CanGet(t.Context(), bob, nodes, "a") },
	}
	for round := range 3 {
		for _, q := range ask {
			q()
		}
		if got := f.count(); got != len(ask) {
			t.Fatalf("round %d: %d reviews of %d questions", round, got, len(ask))
		}
	}
}

func TestAnswersAreKept(t *testing.T) {
	for name, tc := range map[string]struct {
		err error
		ttl time.Duration
	}{
		"an answer": {nil, answerTTL},
		// An authorizer that is unavailable must be asked again soon, but not by each request.
		"a failure": {errors.New("away"), failureTTL},
	} {
		for what, ask := range map[string]func(context.Context, *Reviewer) bool{
			"list": func(ctx context.Context, r *Reviewer) bool { return is(r.CanList(ctx, alice, nodes)) },
			"get": func(ctx context.Context, r *Reviewer) bool {
				allowed, _ := r.CanGet(ctx, alice, nodes, "a")
				return allowed
			},
		} {
			t.Run(what+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { // its clock advances when all goroutines wait
					f := &fake{answer: func(context.Context, authorizer.Attributes) (authorizer.Decision, error) {
						return authorizer.DecisionAllow, tc.err
					}}
					r := New(f, 30*time.Second, NewNameLimit())
					var reviews []int
					for _, wait := range []time.Duration{0, tc.ttl - 1, 2, tc.ttl - 1} {
						time.Sleep(wait)
						if got := ask(t.Context(), r); got != (tc.err == nil) {
							t.Errorf("answer %v", got)
						}
						reviews = append(reviews, f.count())
					}
					if diff := cmp.Diff([]int{1, 1, 2, 2}, reviews); diff != "" {
						t.Errorf("reviews (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// The watches of a user share an answer for a part of their interval. Lists and watches share
// answers, too, but a list uses only younger ones.
func TestWatchesShareAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := allowing()
		r := New(f, 200*time.Second, NewNameLimit())
		var reviews []int
		watch := func() {
			if !is(r.CanStillList(t.Context(), alice, nodes)) {
				t.Error("answer false")
			}
			reviews = append(reviews, f.count())
		}
		list := func() {
			if !is(r.CanList(t.Context(), alice, nodes)) {
				t.Error("answer false")
			}
			reviews = append(reviews, f.count())
		}
		list()
		watch() // shares the list's answer
		time.Sleep(answerTTL)
		watch()
		list() // asks again
		time.Sleep(100*time.Second - 1)
		watch()
		time.Sleep(time.Nanosecond)
		watch() // asks again
		watch()
		if diff := cmp.Diff([]int{1, 1, 1, 2, 2, 3, 3}, reviews); diff != "" {
			t.Errorf("reviews (-want +got):\n%s", diff)
		}
	})
}

// A user who loses a right must not see for two intervals what it allowed. A controller with
// thousands of watches must not ask thousands of times.
func TestManyWatchesHearInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interval, watches = 30 * time.Second, 2000
		var allowed atomic.Bool
		allowed.Store(true)
		f := &fake{answer: func(context.Context, authorizer.Attributes) (authorizer.Decision, error) {
			if allowed.Load() {
				return authorizer.DecisionAllow, nil
			}
			return authorizer.DecisionDeny, nil
		}}
		r := New(f, interval, NewNameLimit())
		start := time.Now()
		var running sync.WaitGroup
		for i := range watches {
			running.Go(func() {
				time.Sleep(interval * time.Duration(i) / watches)
				for is(r.CanStillList(t.Context(), alice, nodes)) {
					time.Sleep(interval)
				}
			})
		}
		time.Sleep(5*interval + interval/3)
		revoked := time.Now()
		allowed.Store(false)
		running.Wait()
		if late := time.Since(revoked); late > interval+interval/2 {
			t.Errorf("the last watch learns of it after %v", late)
		}
		if most := 2 * int(time.Since(start)/interval+1); f.count() > most {
			t.Errorf("%d reviews of %d watches, want no more than %d", f.count(), watches, most)
		}
	})
}

// While reviews fail, a recent answer is better than no. It stays valid for four intervals of
// watches, and at most for two minutes. After that the answer is unknown, which is not a refusal.
func TestAnswersOutliveAnOutage(t *testing.T) {
	type ask func(context.Context, *Reviewer) (bool, error)
	asks := map[string]ask{
		"list":  func(ctx context.Context, r *Reviewer) (bool, error) { return r.CanList(ctx, alice, nodes) },
		"watch": func(ctx context.Context, r *Reviewer) (bool, error) { return r.CanStillList(ctx, alice, nodes) },
		"get":   func(ctx context.Context, r *Reviewer) (bool, error) { return r.CanGet(ctx, alice, nodes, "a") },
	}
	for interval, believed := range map[time.Duration]time.Duration{
		15 * time.Second: time.Minute,
		30 * time.Second: 2 * time.Minute,
		40 * time.Second: 2 * time.Minute,
		time.Minute:      2 * time.Minute,
	} {
		for what, ask := range asks {
			for _, allowed := range []bool{true, false} {
				t.Run(fmt.Sprint(what, "/", interval, "/", allowed), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { testOutage(t, interval, believed, allowed, ask) })
				})
			}
		}
	}
}

func testOutage(t *testing.T, interval, believed time.Duration, allowed bool, ask func(context.Context, *Reviewer) (bool, error)) {
	away := false
	f := &fake{answer: func(context.Context, authorizer.Attributes) (authorizer.Decision, error) {
		switch {
		case away:
			return authorizer.DecisionAllow, errors.New("away")
		case allowed:
			return authorizer.DecisionAllow, nil
		default:
			return authorizer.DecisionDeny, nil
		}
	}}
	r := New(f, interval, NewNameLimit())
	if got, err := ask(t.Context(), r); got != allowed || err != nil {
		t.Errorf("answer %v, %v", got, err)
	}
	away = true
	start := time.Now()
	time.Sleep(interval / watchShare) // until then, watches share the answer
	for time.Since(start) < 4*time.Minute {
		time.Sleep(9 * time.Second)
		before := f.count()
		known := time.Since(start) < believed
		if time.Since(start) < answerTTL {
			continue
		}
		got, err := ask(t.Context(), r)
		if got != (allowed && known) || (err == nil) != known || !known && !errors.Is(err, ErrUnknown) {
			t.Errorf("answer %v, %v after %v", got, err, time.Since(start))
		}
		if _, _ = ask(t.Context(), r); f.count() != before+1 {
			t.Errorf("%d reviews for two questions", f.count()-before)
		}
	}
	allowed, away = !allowed, false
	time.Sleep(failureTTL)
	if got, err := ask(t.Context(), r); got != allowed || err != nil {
		t.Errorf("answer %v, %v after the outage", got, err)
	}
}

// hanging is an authorizer that answers only when no request waits for it any more.
func hanging(decision authorizer.Decision) func(context.Context, authorizer.Attributes) (authorizer.Decision, error) {
	return func(ctx context.Context, _ authorizer.Attributes) (authorizer.Decision, error) {
		<-ctx.Done()
		return decision, ctx.Err()
	}
}

// A cancelled request does not wait for a hanging review. It gets the last known answer.
func TestCancelledRequestDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := allowing()
		r := New(f, 40*time.Second, NewNameLimit())
		if !is(r.CanList(t.Context(), alice, nodes)) {
			t.Fatal("answer false")
		}
		f.answer = hanging(authorizer.DecisionNoOpinion)
		time.Sleep(answerTTL)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if !is(r.CanList(ctx, alice, nodes)) {
			t.Error("the earlier answer is not used")
		}
		time.Sleep(timeout) // the review goes on without it
	})
}

func TestNobodyIsAllowedByACancelledRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: hanging(authorizer.DecisionAllow)}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if is(New(f, 40*time.Second, NewNameLimit()).CanStillList(ctx, bob, nodes)) {
			t.Error("a cancelled request is allowed without an answer")
		}
		time.Sleep(timeout) // the review goes on without it
	})
}

func TestAuthorizerThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: hanging(authorizer.DecisionNoOpinion)}
		r := New(f, 30*time.Second, NewNameLimit())
		start := time.Now()
		if is(r.CanList(t.Context(), alice, nodes)) {
			t.Error("a missing answer counts as yes")
		}
		if waited := time.Since(start); waited != timeout {
			t.Errorf("waited %v, want %v", waited, timeout)
		}
		if is(r.CanList(t.Context(), alice, nodes)) || time.Since(start) != timeout {
			t.Error("the next request waits again")
		}
	})
}

func TestEqualQuestionsAreAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		f := &fake{answer: func(context.Context, authorizer.Attributes) (authorizer.Decision, error) {
			<-answer
			return authorizer.DecisionAllow, nil
		}}
		r := New(f, 30*time.Second, NewNameLimit())
		var waiting sync.WaitGroup
		for range 20 {
			waiting.Go(func() {
				if !is(r.CanList(t.Context(), alice, nodes)) {
					t.Error("one of the waiting requests gets no")
				}
			})
		}
		synctest.Wait()
		if got := f.count(); got != 1 {
			t.Errorf("%d reviews at a time of one question", got)
		}
		close(answer)
		waiting.Wait()
		if got := f.count(); got != 1 {
			t.Errorf("%d reviews of one question", got)
		}
	})
}

// If a client cancels the request that asked first, other requests must still get the answer.
func TestRequestThatIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		var reviewed error
		f := &fake{answer: func(ctx context.Context, _ authorizer.Attributes) (authorizer.Decision, error) {
			<-answer
			reviewed = ctx.Err()
			return authorizer.DecisionAllow, nil
		}}
		r := New(f, 30*time.Second, NewNameLimit())
		first, cancel := context.WithCancel(t.Context())
		answers := make(chan string, 2)
		go func() { answers <- fmt.Sprint("first ", is(r.CanList(first, alice, nodes))) }()
		synctest.Wait()
		go func() { answers <- fmt.Sprint("second ", is(r.CanList(t.Context(), alice, nodes))) }()
		synctest.Wait()
		cancel()
		got := []string{<-answers}
		close(answer)
		got = append(got, <-answers)
		if diff := cmp.Diff([]string{"first false", "second true"}, got); diff != "" {
			t.Errorf("answers (-want +got):\n%s", diff)
		}
		if reviewed != nil || f.count() != 1 {
			t.Errorf("the review was cancelled, or asked again: %v, %d reviews", reviewed, f.count())
		}
	})
}

// Users can guess names. Guesses must not cause load, and their answers must not reveal anything.
func TestNamesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := allowing()
		r := New(f, 30*time.Second, NewNameLimit())
		guess := func(u user.Info, from, n int) (allowed int) {
			for i := from; i < from+n; i++ {
				switch yes, err := r.CanGet(t.Context(), u, nodes, fmt.Sprint("node-", i)); {
				case yes && err == nil:
					allowed++
				case !errors.Is(err, ErrTooManyNames):
					t.Errorf("a guess beyond the limit: %v, %v", yes, err) // a controller would take no for a deletion
				}
			}
			return allowed
		}
		if got := guess(alice, 0, 100); got != nameBurst || f.count() != nameBurst {
			t.Errorf("%d of 100 guesses answered, %d asked; want %d", got, f.count(), nameBurst)
		}
		if got := guess(bob, 0, 10); got != 10 {
			t.Errorf("%d of another user's 10 guesses answered", got)
		}
		if !is(r.CanList(t.Context(), alice, nodes)) {
			t.Error("lists are limited, too")
		}
		if got := guess(alice, 0, nameBurst); got != nameBurst {
			t.Errorf("%d of %d known answers given", got, nameBurst)
		}
		time.Sleep(time.Second)
		if got := guess(alice, 1000, 100); got != int(nameRate) {
			t.Errorf("%d guesses answered after a second, want %v", got, nameRate)
		}
	})
}

// The service accounts of a namespace share a limit, however often they are created again. More
// groups or another uid do not give a user another limit.
func TestNamesAreLimitedByFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := func(namespace, name, uid string) user.Info {
			return &user.DefaultInfo{Name: "system:serviceaccount:" + namespace + ":" + name, UID: uid}
		}
		f := allowing()
		r := New(f, 30*time.Second, NewNameLimit())
		for i := range 10 * nameBurst {
			for _, u := range []user.Info{
				account("solar", "bot", fmt.Sprint("uid-", i)),
				account("solar", fmt.Sprint("bot-", i), ""),
				&user.DefaultInfo{Name: "alice", UID: fmt.Sprint("uid-", i), Groups: []string{fmt.Sprint("group-", i)}},
			} {
				_, _ = r.CanGet(t.Context(), u, nodes, fmt.Sprint("node-", i))
			}
		}
		if got := f.count(); got != 2*nameBurst {
			t.Errorf("%d guesses were asked, want %d for alice and %d for solar", got, nameBurst, nameBurst)
		}
		for _, u := range []user.Info{account("wind", "bot", ""), bob, &user.DefaultInfo{Name: "system:serviceaccount:solar"}} {
			if _, err := r.CanGet(t.Context(), u, nodes, "n"); err != nil {
				t.Errorf("%s pays for others: %v", u.GetName(), err)
			}
		}
	})
}

// The first guesses of a user may come all at once.
func TestNamesAreLimitedConcurrently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // its clock stands still meanwhile
		f := allowing()
		r := New(f, 30*time.Second, NewNameLimit())
		var guesses sync.WaitGroup
		for i := range 500 {
			guesses.Go(func() { _, _ = r.CanGet(t.Context(), alice, nodes, fmt.Sprint("node-", i)) })
		}
		guesses.Wait()
		if got := f.count(); got != nameBurst {
			t.Errorf("%d guesses were asked, want %d", got, nameBurst)
		}
	})
}
