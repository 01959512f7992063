// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/pkg/accessreview"
)

// refusals returns how many requests the process has refused, by reason.
func (s *running) refusals(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for line := range strings.Lines(s.get(t, "admin", "/metrics", "").Body) {
		if rest, ok := strings.CutPrefix(line, `tenantview_refused_requests_total{reason="`); ok {
			reason, value, _ := strings.Cut(strings.TrimSpace(rest), `"} `)
			n, err := strconv.Atoi(value)
			if err != nil {
				t.Fatalf("%v in %s", err, line)
			}
			counts[reason] = n
		}
	}
	return counts
}

// An administrator sees which limit refuses requests.
func TestRefusalsAreCounted(t *testing.T) {
	u := newUpstream(t)
	vast := tenantNamespace("solar-vast", 100)
	vast.Annotations = map[string]string{"a": strings.Repeat("a", 2*smallAnswer)}
	u.lists["namespaces"] = corev1.NamespaceList{
		TypeMeta: metav1.TypeMeta{Kind: "NamespaceList", APIVersion: "v1"}, ListMeta: metav1.ListMeta{ResourceVersion: "1000"},
		Items: []corev1.Namespace{vast},
	}
	vastLists := newServer(t, u, limited(time.Hour, limits{requests: 10, watches: 1, answers: 1, answersOfAll: 1, grace: time.Hour}))
	eventually(t, "it is ready", func() bool { return vastLists.status("/readyz") == 200 })
	delegate := delegating(&roles{allowed: map[string][]string{"bob": {"list", "get solar-a"}, "dora": {"get", "list"}}})
	s := newReadyServer(t, limited(time.Hour, limits{requests: 1, watches: 1, grace: time.Hour}))
	byName := newReadyServer(t, delegate)
	before := s.refusals(t)
	s.hold(t, "alice", large)
	s.hold(t, "alice", namespaces+"?watch=1")
	for path, code := range map[string]int{
		namespaces:              429,
		namespaces + "?watch=1": 429,
		namespaces + "?labelSelector=" + strings.Repeat("a", defaultLimits.uri): 414,
		namespaces + "?labelSelector=" + repeated(65, key):                      400,
	} {
		if got := s.code(t, "alice", path); got != code {
			t.Errorf("%.80s: code %d, want %d", path, got, code)
		}
	}
	vastLists.hold(t, "alice", namespaces)
	if got := vastLists.code(t, "alice", namespaces); got != 429 {
		t.Errorf("a second large list: code %d", got)
	}
	refused := func(user string) (n int) {
		for i := range 100 {
			if byName.code(t, user, fmt.Sprint(namespaces, "/guess-", i)) == 429 {
				n++
			}
		}
		return n
	}
	connections := newBoundedListener(&queue{{address: "10.0.0.1:1"}, {address: "10.0.0.1:2"}, {address: "10.0.0.1:3"}}, 1, 8)
	for {
		if _, err := connections.Accept(); err != nil {
			break // all have arrived
		}
	}
	byAuthorization, byRegistry := refused("bob"), refused("dora")
	if byAuthorization == 0 || byRegistry == 0 {
		t.Errorf("%s refused %d and %d guesses", accessreview.ErrTooManyNames, byAuthorization, byRegistry)
	}
	got := map[string]int{}
	for reason, n := range s.refusals(t) {
		if n -= before[reason]; n > 0 {
			got[reason] = n
		}
	}
	want := map[string]int{"requests": 1, "watches": 1, "uri": 1, "selector": 1, "answers": 1, "connections": 2, "names": byAuthorization + byRegistry}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("refused, by reason (-want +got):\n%s", diff)
	}
}

// Whatever a user asks for while the server refuses it, no name that he invents gets into the metrics: each
// would be a series that stays.
func TestRefusalsNameNothing(t *testing.T) {
	s := newReadyServer(t, limited(time.Hour, limits{requests: 1, watches: 1, grace: time.Hour}))
	s.hold(t, "alice", large)
	s.hold(t, "alice", namespaces+"?watch=1")
	for _, path := range []string{
		group + "/heartofgold", group + "/heartofgold/marvin", group + "/tenantnodes/marvin/zaphod", namespaces + "/marvin",
		"/apis/heartofgold/v1/marvin", "/apis/tenantview.capsule.dev/heartofgold/tenantnodes", "/api/heartofgold/marvin",
		"/heartofgold", group + "/heartofgold?watch=1", group + "/namespaces/zaphod/heartofgold",
	} {
		if got := s.code(t, "alice", path); got != 429 {
			t.Errorf("%s: code %d", path, got)
		}
	}
	text := s.get(t, "admin", "/metrics", "").Body
	for _, name := range []string{"heartofgold", "marvin", "zaphod"} {
		if i := strings.Index(text, name); i >= 0 {
			t.Errorf("%s is in the metrics: %s", name, text[max(0, i-200):min(len(text), i+100)])
		}
	}
}
