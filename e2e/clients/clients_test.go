// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/e2e/testcluster"
)

// observer is a part of a program that reports its observations under a name.
type observer struct {
	name    string
	program *program
}

// startAll starts the programs.
func startAll(t *testing.T, kubeconfig string) []observer {
	t.Helper()
	var all []observer
	add := func(names []string, command ...string) {
		p := start(t, kubeconfig, command...)
		for _, name := range names {
			all = append(all, observer{name, p})
		}
	}
	manager := filepath.Join(t.TempDir(), "manager")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", manager, ".")
	build.Dir, build.Env = "controllerruntime", append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the manager of controller-runtime: %v\n%s", err, out)
	}
	add([]string{"controller-runtime typed", "controller-runtime metadata"}, manager)

	if _, err := os.Stat("javascript/node_modules"); err != nil {
		t.Fatalf("make clients installs the JavaScript client: %v", err)
	}
	add([]string{"javascript informer"}, "node", "javascript/informer.mjs")
	add([]string{"javascript websocket"}, "node", "javascript/websocket.mjs")
	// Debian's own Python, for which python3-kubernetes is made.
	add([]string{"python"}, "/usr/bin/python3", "python/watch.py")
	return all
}

const tenants = `
{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, metadata: {name: solar}, spec: {owners: [{kind: User, name: alice}]}}
---
{apiVersion: capsule.clastix.io/v1beta2, kind: Tenant, metadata: {name: wind}, spec: {owners: []}}
`

func namespace(name, tenant string) string {
	return fmt.Sprintf("---\n{apiVersion: v1, kind: Namespace, metadata: {name: %s, ownerReferences: [{apiVersion: capsule.clastix.io/v1beta2, "+
		"kind: Tenant, name: %[2]s, uid: \"uid-of-tenant:%[2]s\"}]}}\n", name, tenant)
}

const (
	join  = "{spec: {owners: [{kind: User, name: alice}]}}"
	leave = "{spec: {owners: []}}"
	hide  = "{metadata: {ownerReferences: null}}"
)

// Every client observes each change once: a grant, a revocation, a new namespace, a changed object, and what
// happens while the server is down. After that, the server reports that the client's revision has expired.
func TestClients(t *testing.T) {
	shared.Create(t, tenants+namespace("solar-a", "solar")+namespace("wind-a", "wind")+
		"---\n{apiVersion: v1, kind: Namespace, metadata: {name: plain}}")
	testcluster.Eventually(t, "alice sees solar-a", func() error {
		answer, err := testcluster.TryGet(t.Context(), shared.As(t, "alice"), testcluster.Root+"/tenantnamespaces/solar-a")
		if err == nil && answer.Code != 200 {
			err = fmt.Errorf("%s", answer.Body)
		}
		return err
	})
	observers := startAll(t, shared.Kubeconfig(t, shared.As(t, "alice")))
	var want []string
	expect := func(events ...string) {
		t.Helper()
		want = append(want, events...)
		for _, o := range observers {
			o.await(t, want)
		}
	}
	expect("ADDED solar-a")

	shared.Patch(t, "Tenant", "", "wind", join)
	expect("ADDED wind-a")

	shared.Create(t, namespace("solar-b", "solar"))
	expect("ADDED solar-b")

	// The clients must not get events of other objects, before or after.
	shared.Patch(t, "Namespace", "", "plain", "{metadata: {labels: {a: b}}}")
	shared.Patch(t, "Namespace", "", "solar-a", "{metadata: {labels: {a: b}}}")
	expect("MODIFIED solar-a")

	shared.Patch(t, "Tenant", "", "wind", leave)
	expect("DELETED wind-a")

	shared.Patch(t, "Namespace", "", "wind-a", "{metadata: {labels: {a: b}}}")
	for round, kill := range []bool{false, true} {
		gone, came := fmt.Sprintf("round%d-gone", round), fmt.Sprintf("round%d-came", round)
		shared.Create(t, namespace(gone, "solar"))
		expect("ADDED " + gone)
		if err := shared.RestartWith(t.Context(), kill, func() {
			shared.Create(t, namespace(came, "solar"))
			shared.Patch(t, "Namespace", "", gone, hide)
		}); err != nil {
			t.Fatal(err)
		}
		for i := range observers {
			observers[i].await(t, append(slices.Clone(want), "ADDED "+came, "DELETED "+gone))
		}
		want = append(want, "ADDED "+came, "DELETED "+gone)
		// The watch continues as before.
		after := fmt.Sprintf("round%d-after", round)
		shared.Create(t, namespace(after, "solar"))
		expect("ADDED " + after)
		if n := expiredResumes(t); n == 0 {
			t.Error("no client got 410 Expired from the server after its restart")
		}
	}
	present := []string{"round0-after", "round0-came", "round1-after", "round1-came", "solar-a", "solar-b"}
	for _, o := range observers {
		testcluster.Eventually(t, "the reconciler of "+o.name+" has seen to all", func() error {
			if got, ok := o.program.reconciled(o.name); ok && !slices.Equal(got, present) {
				return fmt.Errorf("it found %v, want %v", got, present)
			}
			return nil
		})
		// Duplicate and excess events show up only at the end.
		o.await(t, want)
	}
}

// await waits until the observer has reported exactly these events.
func (o observer) await(t *testing.T, want []string) {
	t.Helper()
	testcluster.Eventually(t, fmt.Sprintf("%s observes %q", o.name, want[len(want)-1]), func() error {
		got, err := o.program.observed(o.name)
		if diff := cmp.Diff(normal(want), normal(got)); diff != "" {
			return fmt.Errorf("%w; events (-want +got):\n%s", errOr(err), diff)
		}
		return nil
	})
}

// normal sorts the events of a round in which a client lists again, because it reports the difference in its
// own order. From then on, it drops modifications: after the restart an object may have another
// resourceVersion.
func normal(events []string) []string {
	var all, tail []string
	for _, e := range events {
		if strings.HasPrefix(e, "MODIFIED") && len(tail) > 0 {
			continue
		}
		if strings.Contains(e, "round") && !strings.Contains(e, "after") {
			tail = append(tail, e)
			continue
		}
		all = append(all, e)
	}
	slices.Sort(tail)
	return append(all, tail...)
}

func errOr(err error) error {
	if err == nil {
		return errors.New("the program runs")
	}
	return err
}

// expiredResumes returns the number of requests to resume a watch that the server has rejected with 410.
func expiredResumes(t *testing.T) float64 {
	t.Helper()
	return shared.Metrics(t)[`tenantview_watch_resume_total{resource="tenantnamespaces",result="foreign"}`]
}
