// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package upstream answers the lists and watches of a server in place of kube-apiserver, from a generator. So the
// cluster can have any size. It has no storage, no authentication, and nothing else that kube-apiserver has.
package upstream

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"

	"capsule.dev/tenantview/hack/bench/simulate/shape"
	"capsule.dev/tenantview/pkg/apis/capsule"
)

// ChangePath is the path to which a client posts the number of changes that it wants to get from its watch, as in
// /changes/namespaces?count=10. The answer comes when all of them have been written.
const ChangePath = "/changes/"

// Upstream serves one cluster to one client. It must not be copied.
type Upstream struct {
	resources map[string]*resource // by path
	byName    map[string]*resource
	// version is the resourceVersion of the last change.
	version atomic.Uint64
}

// firstVersion is the first resourceVersion. It has as many digits as those of clusters that have run for some time.
const firstVersion = 100_000_000

// resource is a resource and what has been sent of it.
type resource struct {
	shape.Resource
	// version is the resourceVersion of its first object.
	version uint64
	// changes has the numbers of changes that a client has asked for.
	changes chan batch
	// changed is the number of changes so far. Only the watch uses it.
	changed int

	mu           sync.Mutex
	initialBytes int64
	changeBytes  int64
	changesSent  int
}

// batch is a number of changes, and a channel that is closed when they have been sent.
type batch struct {
	count int
	sent  chan struct{}
}

// Sent is what a client has got of a resource.
type Sent struct {
	// Objects is the number of objects in the initial list, and Bytes their size as sent, before TLS.
	Objects int   `json:"objects"`
	Bytes   int64 `json:"bytes"`
	// Changes is the number of events after it, and ChangeBytes their size.
	Changes     int   `json:"changes,omitempty"`
	ChangeBytes int64 `json:"changeBytes,omitempty"`
}

// New returns the server of a cluster.
func New(s shape.Shape) *Upstream {
	u := &Upstream{resources: make(map[string]*resource), byName: make(map[string]*resource)}
	u.version.Store(firstVersion)
	for _, r := range s.Resources() {
		path := "/apis/" + r.Group + "/" + r.Version + "/" + r.Resource
		if r.Group == "" {
			path = "/api/" + r.Version + "/" + r.Resource
		}
		kept := &resource{Resource: r, version: u.version.Load() + 1, changes: make(chan batch)}
		u.version.Add(uint64(r.Count))
		u.resources[path], u.byName[r.Resource] = kept, kept
	}
	return u
}

// Sent returns what the client has got, by resource.
func (u *Upstream) Sent() map[string]Sent {
	all := make(map[string]Sent, len(u.byName))
	for name, r := range u.byName {
		r.mu.Lock()
		all[name] = Sent{Objects: r.Count, Bytes: r.initialBytes, Changes: r.changesSent, ChangeBytes: r.changeBytes}
		r.mu.Unlock()
	}
	return all
}

// ServeHTTP answers watches that begin with the whole list, which is all that clients of today ask for, and requests
// for changes.
func (u *Upstream) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if name, ok := strings.CutPrefix(request.URL.Path, ChangePath); ok {
		u.change(w, request, name)
		return
	}
	r := u.resources[request.URL.Path]
	query := request.URL.Query()
	switch {
	case r == nil:
		http.NotFound(w, request)
	case query.Get("watch") == "" || query.Get("sendInitialEvents") != "true":
		http.Error(w, "only watches with sendInitialEvents are served", http.StatusNotImplemented)
	default:
		if err := u.watch(w, request, r); err != nil && request.Context().Err() == nil {
			panic(fmt.Sprintf("serving %s: %v", request.URL.Path, err)) // net/http ends the connection and logs it
		}
	}
}

func (u *Upstream) change(w http.ResponseWriter, request *http.Request, name string) {
	r := u.byName[name]
	count, err := strconv.Atoi(request.URL.Query().Get("count"))
	if r == nil || r.Change == nil || r.Count == 0 || err != nil || count < 1 {
		http.Error(w, "no such changes", http.StatusBadRequest)
		return
	}
	b := batch{count, make(chan struct{})}
	select {
	case r.changes <- b:
	case <-request.Context().Done():
		return
	}
	select {
	case <-b.sent:
	case <-request.Context().Done():
	}
}

// counting counts the bytes that are written.
type counting struct {
	http.ResponseWriter
	bytes int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.bytes += int64(n)
	return n, err
}

// watch sends the list, and then the changes that the client asks for, until the client goes.
func (u *Upstream) watch(w http.ResponseWriter, request *http.Request, r *resource) error {
	counted := &counting{ResponseWriter: w}
	flush := http.NewResponseController(w).Flush
	e, contentType := newEncoder(r.GroupVersion(), r.Group == capsule.Group, counted)
	w.Header().Set("Content-Type", contentType)
	for i := range r.Count {
		if err := send(e, watch.Added, r.Make(i), r.version+uint64(i)); err != nil {
			return err
		}
	}
	end := r.Empty()
	m, err := meta.Accessor(end)
	if err != nil {
		return err
	}
	m.SetAnnotations(map[string]string{metav1.InitialEventsAnnotationKey: "true"})
	if err := send(e, watch.Bookmark, end, u.version.Load()); err != nil {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	r.mu.Lock()
	r.initialBytes = counted.bytes
	r.mu.Unlock()
	for {
		select {
		case <-request.Context().Done():
			return nil
		case b := <-r.changes:
			before := counted.bytes
			for range b.count {
				if err := send(e, watch.Modified, r.next(), u.version.Add(1)); err != nil {
					return err
				}
			}
			if err := flush(); err != nil {
				return err
			}
			r.mu.Lock()
			r.changesSent += b.count
			r.changeBytes += counted.bytes - before
			r.mu.Unlock()
			close(b.sent)
		}
	}
}

// next returns the next object that changes. All objects change once, in an order that jumps between Tenants, before
// any changes again.
func (r *resource) next() runtime.Object {
	const stride = 2_654_435_761 // a prime, so that it leads to all objects
	i, round := r.changed%r.Count, r.changed/r.Count
	r.changed++
	return r.Change(int(uint64(i)*stride%uint64(r.Count)), round)
}

// send sends an object as it is at a resourceVersion.
func send(e encoder, event watch.EventType, o runtime.Object, version uint64) error {
	m, err := meta.Accessor(o)
	if err != nil {
		return err
	}
	m.SetResourceVersion(strconv.FormatUint(version, 10))
	return e.encode(event, o)
}
