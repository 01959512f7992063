// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/tenantnamespace"
	"capsule.dev/tenantview/pkg/view"
)

// watching is the solar fixture with what watches need in addition. It runs in a bubble, so that
// intervals pass at once.
type watching struct {
	*fixture
	t    *testing.T
	gate *gate
	rbac *rbac
	// resumes and ends are the calls of ObserveResume and ObserveTermination.
	resumes, ends []string
}

func newWatching(t *testing.T) *watching {
	w := &watching{fixture: newSolarFixture(), t: t, gate: newGate(), rbac: &rbac{}}
	var mu sync.Mutex
	note := func(list *[]string) func(string, string) {
		return func(resource, what string) {
			mu.Lock()
			defer mu.Unlock()
			*list = append(*list, resource+" "+what)
		}
	}
	w.REST = registry.NewREST(tenantnamespace.Kind(), w.view, registry.Config{
		Viewers: w.gate, ServerID: serverID, Reviews: w.rbac, Synced: func() bool { return w.synced },
		ObserveResume: note(&w.resumes), ObserveTermination: note(&w.ends),
	})
	return w
}

// gate shows nothing to users who are shut out.
type gate struct {
	mu      sync.Mutex
	out     map[string]bool
	changed chan struct{}
}

func newGate() *gate { return &gate{out: make(map[string]bool), changed: make(chan struct{})} }

func (g *gate) shut(name string, out bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.out[name] = out
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *gate) Viewer(u user.Info) view.Viewer {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.out[u.GetName()] {
		return view.Viewer{}
	}
	return view.Viewer{Subjects: grants.Subjects(u)}
}

func (g *gate) Changed() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.changed
}

// ask is a request to watch. Its version is a revision of the server, unless verbatim is set.
type ask struct {
	request
	verbatim  bool
	ctx       context.Context // alice's, if nil
	bookmarks bool
	initial   *bool
}

func (w *watching) begin(q ask) watch.Interface {
	w.t.Helper()
	if q.ctx == nil {
		q.ctx = as("alice")
	}
	if _, err := strconv.ParseUint(q.version, 10, 64); err == nil && q.version != "0" && !q.verbatim {
		q.version += digits
	}
	options := q.options(w.t)
	options.AllowWatchBookmarks, options.SendInitialEvents = q.bookmarks, q.initial
	return w.open(q.ctx, options)
}

func (w *watching) open(ctx context.Context, options *metainternalversion.ListOptions) watch.Interface {
	w.t.Helper()
	stream, err := w.Watch(ctx, options)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(stream.Stop)
	return stream
}

// told returns the events of a client until no more come; "end" is the end of the watch.
func told(stream watch.Interface) []string {
	var all []string
	for {
		synctest.Wait()
		select {
		case event, ok := <-stream.ResultChan():
			if !ok {
				return append(all, "end")
			}
			all = append(all, toldText(event))
		default:
			return all
		}
	}
}

func toldText(event watch.Event) string {
	object := plain(event.Object)
	if s, ok := object.(*metav1.Status); ok {
		return fmt.Sprintf("%s %d %s: %s", event.Type, s.Code, s.Reason, s.Message)
	}
	o, err := meta.Accessor(object)
	if err != nil {
		return err.Error()
	}
	text := fmt.Sprintf("%s %s", event.Type, revisionOf(o.GetResourceVersion()))
	if o.GetName() != "" {
		text += " " + o.GetName()
	}
	for key, value := range o.GetAnnotations() {
		text += " " + key + "=" + value
	}
	return text
}

// plain returns the object inside a shared one.
func plain(object runtime.Object) runtime.Object {
	if shared, ok := object.(runtime.CacheableObject); ok {
		return shared.GetObject()
	}
	return object
}

// tells compares the events of a client with those wanted.
func (w *watching) tells(stream watch.Interface, want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, told(stream)); diff != "" {
		w.t.Errorf("events (-want +got):\n%s", diff)
	}
}

// until returns the time until a client gets an event, and the event.
func until(stream watch.Interface) (time.Duration, string) {
	begin := time.Now()
	event, ok := <-stream.ResultChan()
	if !ok {
		return time.Since(begin), "end"
	}
	return time.Since(begin), toldText(event)
}
