// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package failover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/testcluster"
)

// model is what a client of a watch knows: the mark of each object by its name.
type model struct {
	kind kind

	mu         sync.Mutex
	known      map[string]string
	violations []string
}

// apply applies an event. Events that do not fit what is known are violations.
func (m *model) apply(event, name, mark string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.known[name]; ok != (event != "ADDED") {
		m.violations = append(m.violations, fmt.Sprintf("%s of %s, and known before: %v", event, name, ok))
	}
	if forbidden(name) {
		m.violations = append(m.violations, event+" of "+name)
	}
	if event == "DELETED" {
		delete(m.known, name)
		return
	}
	m.known[name] = mark
}

// compare returns how the model differs from the truth.
func (m *model) compare(ctx context.Context) error {
	want, err := truth(ctx, m.kind)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if diff := cmp.Diff(want, m.known); diff != "" {
		return fmt.Errorf("%s (-want +got):\n%s", m.kind.Resource(), diff)
	}
	return nil
}

// endings counts how watches have ended and gone on.
type endings struct {
	// clean ended with the response, cut ended with the connection. refused were not answered with 200.
	clean, cut, refused int
	// resumed went on where they had ended. expired were answered with 410, and listed again.
	resumed, expired int
}

func (e *endings) add(other endings) {
	e.clean, e.cut, e.refused = e.clean+other.clean, e.cut+other.cut, e.refused+other.refused
	e.resumed, e.expired = e.resumed+other.resumed, e.expired+other.expired
}

// follower lists once and then watches by plain HTTP, always from the last resourceVersion. Only on 410 it
// lists again.
type follower struct {
	model
	config *rest.Config
	endings
	// version is the resourceVersion to watch from. If it is empty, the follower lists. listed means that
	// no watch has begun there yet.
	version string
	listed  bool
}

func (f *follower) run(ctx context.Context) {
	for ctx.Err() == nil {
		if f.version == "" && f.list(ctx) != nil || !f.watch(ctx) {
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
}

func (f *follower) list(ctx context.Context) error {
	answer, err := testcluster.TryGet(ctx, f.config, f.kind.Path())
	if err != nil {
		return err
	}
	list := unstructured.UnstructuredList{}
	if err := list.UnmarshalJSON(answer.Body); err != nil || answer.Code != http.StatusOK {
		return fmt.Errorf("%d: %s", answer.Code, answer.Body)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known = make(map[string]string)
	for i := range list.Items {
		f.known[list.Items[i].GetName()] = mark(&list.Items[i])
	}
	f.version, f.listed = list.GetResourceVersion(), true
	return nil
}

// watch follows one watch to its end. It returns false if the watch did not begin.
func (f *follower) watch(ctx context.Context) bool {
	response, err := testcluster.Open(ctx, f.config, http.MethodGet, f.kind.Path()+"?watch=1&allowWatchBookmarks=true&resourceVersion="+f.version, nil)
	if ctx.Err() != nil {
		return true
	}
	if err != nil {
		f.refused++
		return false
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		f.refused++
		return false
	}
	resumes := !f.listed
	f.listed = false
	decoder := json.NewDecoder(response.Body)
	for {
		var event struct {
			Type   string
			Object unstructured.Unstructured
		}
		err := decoder.Decode(&event)
		switch {
		case ctx.Err() != nil:
			return true
		case errors.Is(err, io.EOF):
			f.clean++
			return true
		case err != nil:
			f.cut++
			return true
		}
		if event.Type == "ERROR" {
			if code, _, _ := unstructured.NestedInt64(event.Object.Object, "code"); code != http.StatusGone {
				f.mu.Lock()
				f.violations = append(f.violations, fmt.Sprint(event.Object.Object))
				f.mu.Unlock()
			}
			f.expired++
			f.version = ""
			return true
		}
		if resumes {
			f.resumed++
			resumes = false
		}
		if event.Type != "BOOKMARK" {
			f.apply(event.Type, event.Object.GetName(), mark(&event.Object))
		}
		f.version = event.Object.GetResourceVersion()
	}
}

// startFollowers starts some followers of a user for each kind. end stops them, and returns what they have
// counted.
func startFollowers(t *testing.T, user *rest.Config, each int) (models []*model, end func() endings) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var all []*follower
	var done sync.WaitGroup
	for _, k := range kinds {
		for range each {
			f := &follower{model: model{kind: k}, config: user}
			all, models = append(all, f), append(models, &f.model)
			done.Go(func() { f.run(ctx) })
		}
	}
	end = func() (sum endings) {
		stop()
		done.Wait()
		for _, f := range all {
			sum.add(f.endings)
		}
		return sum
	}
	t.Cleanup(func() { end() })
	return models, end
}
