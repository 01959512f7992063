// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

// A CRD may be deleted, with all objects, and installed again, without a restart of the server.
func TestCRDsComeAndGo(t *testing.T) {
	setting := `
---
apiVersion: capsule.clastix.io/v1beta1
kind: ProxySetting
metadata: {name: ps, namespace: x$}
spec: {subjects: [{kind: Group, name: devs$, proxySettings: [{kind: StorageClasses, operations: [List]}]}]}
`
	global := `
---
apiVersion: capsule.clastix.io/v1beta1
kind: GlobalProxySettings
metadata: {name: gps$}
spec: {rules: [{subjects: [{kind: User, name: alice$}], clusterResources: [{apiGroups: ["*"], resources: ["*"], selector: {matchLabels: {app: app$}}}]}]}
`
	tests := map[string]struct {
		crd, kind, before, again string
		want                     func(kind) []string
	}{
		"tenants": {"tenants.capsule.clastix.io", "Tenant", tenant("solar$", byUser) + everyKind("x$", "solar$"), "", all("x$")},
		"proxysettings": {
			"proxysettings.capsule.clastix.io", "ProxySetting", tenant("solar$") + everyKind("x$", "solar$") + setting, setting,
			only([]string{"x$"}, "namespaces", "storageclasses"),
		},
		"globalproxysettings": {
			"globalproxysettings.capsule.clastix.io", "GlobalProxySettings", everyKindWith("x$", "labels: {app: app$}") + global, global, all("x$"),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			everybodys.start(t)
			s.create(t, test.before)
			everybodys.passAll(t)
			seen := s.look(t, "", prefixed("ADDED", test.want))
			t.Cleanup(func() {
				// The CRDs must be there for those who come after, whatever has happened here.
				if err := shared.Install(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			})
			shared.Remove(t, "CustomResourceDefinition", "", test.crd)
			seen.await(t, prefixed("DELETED", test.want))
			if err := shared.Install(t.Context()); err != nil {
				t.Fatal(err)
			}
			if test.crd == "tenants.capsule.clastix.io" {
				// A recreated Tenant is a different one, and the namespace does not belong to it.
				s.create(t, tenant("solar$", byUser))
				everybodys.made = false
				everybodys.start(t)
				seen.await(t, func(k kind) []string {
					if k.UpstreamKind == "Namespace" {
						return nil
					}
					return []string{"ADDED x$"}
				})
				everybodys.passAll(t)
				seen.expect(t, nothing)
				return
			}
			s.create(t, test.again)
			seen.await(t, prefixed("ADDED", test.want))
			everybodys.passAll(t)
			seen.expect(t, nothing)
		})
	}
}

// prefixed puts a word before each name.
func prefixed(word string, names func(kind) []string) func(kind) []string {
	return func(k kind) []string {
		all := names(k)
		for i := range all {
			all[i] = word + " " + all[i]
		}
		return all
	}
}

// await waits until each watch has got exactly these events, whenever they come.
func (v *sight) await(t *testing.T, want func(kind) []string) {
	t.Helper()
	for _, f := range v.streams {
		for _, wanted := range want(f.kind) {
			wanted = v.scene.of(wanted)
			for {
				e := f.Next(t)
				f.check(t, e)
				if e.Type == "BOOKMARK" || e.Name() == sentinelName {
					continue
				}
				if e.String() != wanted {
					t.Errorf("got %v of %s, want %s", e, f.name, wanted)
				}
				break
			}
		}
	}
}

// The server cannot watch what RBAC lets a user list, so a running watch checks that again and again.
func TestNativeRBAC(t *testing.T) {
	s := newScene()
	k := kindOf("storageclasses")
	everybodys.start(t)
	s.create(t, k.object("x$", ""))
	everybodys.passAll(t)
	stream := testcluster.Watch(t, shared.As(t, s.user), k.Path()+"?watch=1")
	stream.Until(t, everybodys.touch(t, k))
	binding := `{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: list$}, roleRef: {
  apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: list$}, subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: alice$}]}`
	s.create(t, `{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: list$}, rules: [
  {apiGroups: [storage.k8s.io], resources: [storageclasses], verbs: [list]}]}`)
	for range 2 {
		s.create(t, binding)
		if e := stream.Next(t); e.String() != s.of("ADDED x$") {
			t.Errorf("got %v of what RBAC shows", e)
		}
		s.remove(t, "ClusterRoleBinding", "", "list$")
		if e := stream.Next(t); e.String() != s.of("DELETED x$") {
			t.Errorf("got %v of what RBAC shows no more", e)
		}
	}
	if events := stream.Until(t, everybodys.touch(t, k)); len(events) > 0 {
		t.Errorf("got also %v", events)
	}
}

// A user sees a namespace until its deletion is complete: its Tenant stays that long, and is gone after it.
func TestTenantDeletedInForeground(t *testing.T) {
	s := newScene()
	k := kindOf("namespaces")
	everybodys.start(t)
	s.create(t, tenant("solar$", byUser)+k.object("x$", "ownerReferences: [{apiVersion: capsule.clastix.io/v1beta2, "+
		"kind: Tenant, name: solar$, uid: \"uid-of-tenant:solar$\", blockOwnerDeletion: true}]"))
	everybodys.passAll(t)
	stream := testcluster.Watch(t, shared.As(t, s.user), k.Path()+"?watch=1&fieldSelector=metadata.name%3D"+s.of("x$"))
	foreground := metav1.DeletePropagationForeground
	if err := shared.Client("Tenant", "").Delete(t.Context(), s.of("solar$"), metav1.DeleteOptions{PropagationPolicy: &foreground}); err != nil {
		t.Fatal(err)
	}
	var phases []string
	gone := func(e testcluster.Event) bool {
		phase, _ := e.Object.Object["status"].(map[string]any)["phase"].(string)
		if n := len(phases); n == 0 || phases[n-1] != e.Type+" "+phase {
			phases = append(phases, e.Type+" "+phase)
		}
		return e.Type == "DELETED"
	}
	stream.Until(t, gone)
	want := []string{"ADDED Active", "MODIFIED Terminating", "DELETED Terminating"}
	if fmt.Sprint(phases) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", phases, want)
	}
}

// Between a list and the watch that follows it, no event is lost or duplicated.
func TestListThenWatch(t *testing.T) {
	s := newScene()
	everybodys.start(t)
	s.create(t, solar+everyKind("x$", "solar$"))
	everybodys.passAll(t)
	user := shared.As(t, s.user, s.of("devs$"))
	listed := make(map[string]string)
	for _, k := range kinds {
		list := testcluster.Get(t, user, k.Path()).List(t)
		if got, want := fmt.Sprint(testcluster.Names(list)), fmt.Sprint([]string{sentinelName, s.of("x$")}); got != want {
			t.Errorf("the list of %s has %s, want %s", k.Upstream.Resource, got, want)
		}
		listed[k.UpstreamKind] = list.GetResourceVersion()
	}
	s.create(t, everyKind("y$", "solar$"))
	for _, k := range kinds {
		everybodys.show(t, k)
	}
	for _, k := range kinds {
		for _, accept := range []string{"application/json", asTable} {
			stream := testcluster.Watch(t, user, k.Path()+"?watch=1&resourceVersion="+listed[k.UpstreamKind], "Accept", accept)
			var got []string
			for _, e := range stream.Until(t, everybodys.touch(t, k)) {
				if e.Name() != sentinelName {
					got = append(got, e.String())
				}
			}
			if want := s.of("[ADDED y$]"); fmt.Sprint(got) != want {
				t.Errorf("watching %s (%s) from the list: got %v, want %s", k.Upstream.Resource, accept, got, want)
			}
		}
	}
}

// After a grant between the list and the watch, the client must list again, or get everything that the grant
// has revealed. A watch of tables starts again, because its client does not list again.
func TestListThenGrantThenWatch(t *testing.T) {
	for name, change := range map[string]struct{ before, after []string }{
		"grant":  {nil, []string{byUser}},
		"revoke": {[]string{byUser}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			everybodys.start(t)
			s.create(t, tenant("solar$", change.before...)+everyKind("x$", "solar$"))
			everybodys.passAll(t)
			user := shared.As(t, s.user, s.of("devs$"))
			listed := make(map[string]string)
			for _, k := range kinds {
				listed[k.UpstreamKind] = testcluster.Get(t, user, k.Path()).List(t).GetResourceVersion()
			}
			s.patch(t, "Tenant", "solar$", owners(change.after...))
			everybodys.pass(t, "Tenant")
			for _, k := range kinds {
				stream := testcluster.Watch(t, user, k.Path()+"?watch=1&resourceVersion="+listed[k.UpstreamKind])
				e := stream.Next(t)
				if e.Type != "ERROR" || fmt.Sprint(e.Object.Object["code"]) != "410" || e.Object.Object["reason"] != string(metav1.StatusReasonExpired) {
					t.Errorf("%s: got %s %v, want the error 410 Expired", k.Upstream.Resource, e.Type, e.Object.Object)
				}
				if rest := stream.Rest(t); len(rest) > 0 {
					t.Errorf("%s: after the error came %v", k.Upstream.Resource, rest)
				}
				table := testcluster.Watch(t, user, k.Path()+"?watch=1&resourceVersion="+listed[k.UpstreamKind], "Accept", asTable)
				got := testcluster.Strings(table.Until(t, everybodys.touch(t, k)))
				want := []string{"ADDED " + sentinelName}
				if name == "grant" {
					want = append(want, s.of("ADDED x$"))
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s as table: got %v, want %v", k.Upstream.Resource, got, want)
				}
			}
		})
	}
}

// If a client reads its events late, it must not get any event that happened to an object after it was hidden
// from the user. Of the queued events, it must get only that the object is gone.
func TestRevokeWhileEventsAreQueued(t *testing.T) {
	s := newScene()
	k := kindOf("storageclasses")
	everybodys.start(t)
	s.create(t, tenant("solar$", byUser)+k.object("x$", ofTenant(k, "solar$"))+k.object("y$", ofTenant(k, "solar$")))
	everybodys.passAll(t)
	// Bypass the aggregation layer, which would read what the client does not.
	user := shared.DirectConfig(shared.As(t, s.user))
	body := openUnread(t, user, k.Path()+"?watch=1")

	// More than the buffers between the server and the client hold.
	padding := strings.Repeat("x", 200<<10)
	const rounds = 40
	for i := range rounds {
		shared.Patch(t, k.UpstreamKind, "", s.of("x$"), fmt.Sprintf("metadata: {annotations: {padding: %q, round: \"%d\"}}", padding, i))
	}
	everybodys.show(t, k)
	s.patch(t, "Tenant", "solar$", owners())
	everybodys.pass(t, "Tenant")
	for _, name := range []string{"x$", "y$"} {
		s.patch(t, k.UpstreamKind, name, "metadata: {annotations: {padding: \"\", round: secret}}")
	}
	isLast := everybodys.touch(t, k)

	reader := bufio.NewReaderSize(body.Body, 1<<20)
	var x, y []string
	for {
		line, err := reader.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(line), "secret") {
			t.Fatalf("the client got a change of a hidden object: %.300s", line)
		}
		e, err := testcluster.ParseEvent(line)
		if err != nil {
			t.Fatal(err)
		}
		if isLast(e) {
			break
		}
		switch e.Name() {
		case s.of("x$"):
			x = append(x, e.Type)
		case s.of("y$"):
			y = append(y, e.Type)
		}
	}
	if fmt.Sprint(y) != "[ADDED DELETED]" {
		t.Errorf("events of the object that did not change: %v", y)
	}
	if n := len(x); n < 2 || x[0] != "ADDED" || x[n-1] != "DELETED" || strings.Count(fmt.Sprint(x), "DELETED") != 1 {
		t.Errorf("events of the object that changed: %v", x)
	}
	if len(x) >= rounds+2 {
		t.Errorf("the client got all %d events that were queued when the object was hidden", len(x))
	}
}

// openUnread begins a watch of which nothing is read, on a connection of its own.
func openUnread(t *testing.T, config *rest.Config, path string) *http.Response {
	t.Helper()
	config = rest.CopyConfig(config)
	config.NextProtos = []string{"http/1.1"} // no frames of other streams, and no buffer for them
	config.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		connection, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		// Otherwise the kernel may buffer many megabytes for a client that does not read.
		return connection, connection.(*net.TCPConn).SetReadBuffer(64 << 10)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, config.Host+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	if response.StatusCode != http.StatusOK {
		t.Fatalf("got status %d", response.StatusCode)
	}
	return response
}

// Before the server has read the Tenants, it must return an error: an empty watch would make informers drop
// everything, and an unfiltered one would show everything.
func TestWatchBeforeSync(t *testing.T) {
	s := newScene()
	everybodys.start(t)
	s.create(t, solar+everyKind("x$", "solar$"))
	everybodys.passAll(t)
	roles := shared.Client("ClusterRole", "")
	role, err := roles.Get(t.Context(), controlplane.ServerName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	less := role.DeepCopy()
	less.SetResourceVersion("")
	var rules []any
	for _, rule := range role.Object["rules"].([]any) {
		if !strings.Contains(fmt.Sprint(rule), "tenants") {
			rules = append(rules, rule)
		}
	}
	less.Object["rules"] = rules
	if err := shared.StopComponent(t.Context(), controlplane.Server); err != nil {
		t.Fatal(err)
	}
	if _, err := shared.Put(t.Context(), less); err != nil {
		t.Fatal(err)
	}
	started := make(chan error, 1)
	go func() {
		_, err := shared.StartComponent(t.Context(), controlplane.Server)
		started <- err
	}()
	user := shared.DirectConfig(shared.As(t, s.user))
	for _, k := range kinds {
		for _, query := range []string{"?watch=1", "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true", ""} {
			testcluster.Eventually(t, "the server answers", func() error {
				ctx, cancel := context.WithTimeout(t.Context(), testcluster.Patience)
				defer cancel()
				answer, err := testcluster.TryGet(ctx, user, k.Path()+query+"")
				if err != nil {
					return err
				}
				switch answer.Code {
				case http.StatusServiceUnavailable:
					var status metav1.Status
					if err := json.Unmarshal(answer.Body, &status); err != nil || status.Reason != metav1.StatusReasonServiceUnavailable {
						t.Errorf("got %s", answer.Body)
					}
					return nil
				case http.StatusOK:
					t.Fatalf("%s%s was answered: %s", k.Path(), query, answer.Body)
				}
				return errors.New(string(answer.Body)) // authentication and authorization start, too
			})
		}
	}
	again := role.DeepCopy()
	again.SetResourceVersion("")
	if _, err := shared.Put(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	if err := shared.WaitAPIServiceAvailable(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.look(t, "", all("ADDED x$"))
}
