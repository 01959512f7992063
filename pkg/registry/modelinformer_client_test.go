// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

func (to *informerTarget) String() string {
	return fmt.Sprintf("%s: %s of %s %q, %q", to.client, to.resource, to.user.GetName(), to.user.GetGroups(), to.selector)
}

func (to *informerTarget) who() informerTarget { return *to }

func (to *informerTarget) gvr() schema.GroupVersionResource {
	return v1alpha1.SchemeGroupVersion.WithResource("tenant" + to.resource)
}

// mirrored is what a client knows. It records events that cannot be right.
type mirrored struct {
	mu      sync.Mutex
	objects map[string]string // resourceVersions by name
	err     error
	log     []string
}

func (m *mirrored) names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.AppendSeq([]string{}, slices.Values(slices.Sorted(maps.Keys(m.objects))))
}

func (m *mirrored) wrong() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

func (m *mirrored) history() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.log)
}

func (m *mirrored) apply(event watch.EventType, object any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, err := meta.Accessor(object)
	if err != nil {
		m.err = errors.Join(m.err, err)
		return
	}
	name, version := o.GetName(), o.GetResourceVersion()
	m.log = append(m.log, fmt.Sprint(event, " ", name, " ", version))
	known, ok := m.objects[name]
	switch {
	case (event == watch.Added) == ok:
		m.err = errors.Join(m.err, fmt.Errorf("%s is known: %v, after %q", m.log[len(m.log)-1], ok, m.log))
	case ok:
		if order, err := resourceversion.CompareResourceVersion(known, version); err != nil || order > 0 {
			m.err = errors.Join(m.err, fmt.Errorf("%s was known as of %s (%w)", m.log[len(m.log)-1], known, err))
		}
	}
	if event == watch.Deleted {
		delete(m.objects, name)
	} else {
		m.objects[name] = version
	}
}

func (m *mirrored) replace(objects []any, version string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects = make(map[string]string)
	for _, object := range objects {
		if o, err := meta.Accessor(object); err == nil {
			m.objects[o.GetName()] = o.GetResourceVersion()
		}
	}
	m.log = []string{fmt.Sprint("list ", version, " ", slices.Sorted(maps.Keys(m.objects)))}
}

// reflected is client-go's reflector with a store that checks its events.
type reflected struct {
	informerTarget
	mirrored
}

var _ cache.ReflectorStore = &reflected{}

func newReflected(ctx context.Context, running *sync.WaitGroup, to informerTarget, client dynamic.Interface) *reflected {
	r := &reflected{informerTarget: to}
	resource := client.Resource(to.gvr())
	lw := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.LabelSelector = to.selector.String()
			return resource.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.LabelSelector = to.selector.String()
			return resource.Watch(ctx, o)
		},
	}
	reflector := cache.NewReflectorWithOptions(lw, nil, r, cache.ReflectorOptions{
		Backoff: &wait.Backoff{Duration: 10 * time.Millisecond, Factor: 1, Steps: 1, Cap: 10 * time.Millisecond},
	})
	running.Go(func() { reflector.RunWithContext(ctx) })
	return r
}

// Add, Update and Delete receive events; Replace receives lists.
func (r *reflected) Add(o any) error    { r.apply(watch.Added, o); return nil }
func (r *reflected) Update(o any) error { r.apply(watch.Modified, o); return nil }
func (r *reflected) Delete(o any) error { r.apply(watch.Deleted, o); return nil }
func (r *reflected) Resync() error      { return nil }

func (r *reflected) Replace(objects []any, version string) error {
	r.replace(objects, version)
	return nil
}

// raw lists and watches without a reflector. It ends its watches at random times, and resumes at
// random revisions that it has seen.
type raw struct {
	informerTarget
	mirrored
	resource metadata.ResourceInterface
	random   *rand.Rand
	version  string
	past     []rawPast
}

type rawPast struct {
	version string
	objects map[string]string
}

func newRaw(ctx context.Context, running *sync.WaitGroup, to informerTarget, client metadata.Interface, random *rand.Rand) *raw {
	r := &raw{informerTarget: to, resource: client.Resource(to.gvr()), random: random}
	running.Go(func() { wait.UntilWithContext(ctx, r.once, 5*time.Millisecond) })
	return r
}

// once lists, if it must, and watches once.
func (r *raw) once(ctx context.Context) {
	if r.version == "" {
		list, err := r.resource.List(ctx, metav1.ListOptions{LabelSelector: r.selector.String()})
		if err != nil {
			return
		}
		objects := make([]any, 0, len(list.Items))
		for i := range list.Items {
			objects = append(objects, &list.Items[i])
		}
		r.replace(objects, list.ResourceVersion)
		r.past = nil
		r.reach(list.ResourceVersion)
	}
	r.goBack()
	stream, err := r.resource.Watch(ctx, metav1.ListOptions{
		LabelSelector: r.selector.String(), ResourceVersion: r.version, AllowWatchBookmarks: r.random.IntN(2) == 0,
	})
	if err != nil {
		return
	}
	defer stream.Stop()
	for n := r.random.IntN(30); n > 0; n-- {
		event, ok := <-stream.ResultChan()
		switch {
		case !ok:
			return
		case event.Type == watch.Error:
			r.version = ""
			return
		case event.Type != watch.Bookmark:
			r.apply(event.Type, event.Object)
		}
		if o, err := meta.Accessor(event.Object); err == nil {
			r.reach(o.GetResourceVersion())
		}
	}
}

func (r *raw) reach(version string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.version = version
	r.past = append(r.past, rawPast{version, maps.Clone(r.objects)})
}

func (r *raw) goBack() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.random.IntN(2) == 0 {
		return
	}
	p := r.past[r.random.IntN(len(r.past))]
	r.version, r.objects = p.version, maps.Clone(p.objects)
	r.log = append(r.log, "back to "+p.version)
}

// tabled watches tables, as kubectl get --watch does. Whenever it is cut off, it begins again and
// gets all rows again.
type tabled struct {
	informerTarget
	mirrored
	config *rest.Config
}

func newTabled(ctx context.Context, running *sync.WaitGroup, to informerTarget, config *rest.Config) *tabled {
	t := &tabled{informerTarget: to, config: config}
	running.Go(func() { wait.UntilWithContext(ctx, t.once, 5*time.Millisecond) })
	return t
}

func (t *tabled) once(ctx context.Context) {
	path := fmt.Sprintf("%s/apis/%s/%s?watch=1&labelSelector=%s", t.config.Host, v1alpha1.SchemeGroupVersion, t.gvr().Resource, url.QueryEscape(t.selector.String()))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, path, http.NoBody)
	if err != nil {
		return
	}
	request.Header.Set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
	client, err := rest.HTTPClientFor(t.config)
	if err != nil {
		return
	}
	response, err := client.Do(request)
	if err != nil {
		return
	}
	defer response.Body.Close()
	t.replace(nil, "")
	for frames := json.NewDecoder(response.Body); ; {
		var event struct {
			Type   watch.EventType
			Object struct {
				Rows []struct{ Object metav1.PartialObjectMetadata }
			}
		}
		if err := frames.Decode(&event); err != nil {
			return
		}
		for i := range event.Object.Rows {
			t.apply(event.Type, &event.Object.Rows[i].Object)
		}
	}
}
