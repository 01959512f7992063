// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// Lag returns how long the sink has been behind kube-apiserver, or 0 if it is not behind. Without a
// watch, the lag counts from the end of the last watch or the request of a list, until the watch
// resumes or the list is applied. With a watch, it counts from the time at which events began to
// wait without a break. While events arrive faster than they are applied, the lag exceeds the age
// of the oldest waiting event, because the age of events inside the connection is unknown.
func (s *Source) Lag() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	lag := s.queue.age()
	if !s.behindSince.IsZero() {
		lag = max(lag, time.Since(s.behindSince))
	}
	return lag
}

// observed wraps the reflector's calls to record whether the source follows kube-apiserver.
func (s *Source) observed(lw *cache.ListWatch) *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			if !s.Absent() {
				s.behind()
			}
			list, err := lw.ListWithContextFunc(ctx, options)
			if err != nil {
				s.behind()
			}
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			// The events of such a watch start with a list, which is applied as a whole.
			lists := options.SendInitialEvents != nil && *options.SendInitialEvents
			if lists && !s.Absent() {
				s.behind()
			}
			w, err := lw.WatchFuncWithContext(ctx, options)
			if err != nil {
				s.behind()
				return nil, err
			}
			s.recovered()
			return s.follow(w, lists), nil
		},
		DisableChunking: lw.DisableChunking,
	}
}

// behind records that the sink may be behind kube-apiserver, until sync or follow is called.
func (s *Source) behind() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.behindSince.IsZero() {
		s.behindSince = time.Now()
	}
}

// follow passes on the events of a watch, and records when it receives each. If the watch starts
// with a list, follow does not count the events up to the end of the list.
func (s *Source) follow(w watch.Interface, lists bool) watch.Interface {
	f := &followed{Interface: w, events: make(chan watch.Event), stopped: make(chan struct{})}
	s.mu.Lock()
	if !lists {
		s.behindSince = time.Time{}
	}
	s.queue = &f.queue
	s.mu.Unlock()
	go func() {
		defer close(f.events)
		f.run(lists)
		s.ended(&f.queue)
	}()
	return f
}

// ended records that a watch has ended. The source is then behind, unless it has a newer watch.
func (s *Source) ended(q *queue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue == q && s.behindSince.IsZero() {
		s.behindSince = time.Now()
	}
}

// applied records that the sink has taken an event of the watch.
func (s *Source) applied() {
	s.mu.Lock()
	q := s.queue
	s.mu.Unlock()
	q.take()
}

// followed is a watch whose events are counted. It holds one event until the reflector, which takes
// one at a time, is ready for it. So it always has one while more events wait in the connection.
type followed struct {
	watch.Interface
	events  chan watch.Event
	stop    sync.Once
	stopped chan struct{}
	queue   queue
}

// ResultChan returns the events.
func (f *followed) ResultChan() <-chan watch.Event { return f.events }

// Stop ends the watch.
func (f *followed) Stop() {
	f.stop.Do(func() { close(f.stopped) })
	f.Interface.Stop()
}

func (f *followed) run(lists bool) {
	for event := range f.Interface.ResultChan() {
		// The reflector owns the object once it is sent. The event that ends a list is the last one.
		ends := endsList(event)
		if !lists {
			f.queue.add()
		}
		select {
		case f.events <- event:
		case <-f.stopped:
			return
		}
		lists = lists && !ends
	}
}

// endsList reports whether an event is the bookmark with which kube-apiserver ends the initial list
// of a watch.
func endsList(event watch.Event) bool {
	if event.Type != watch.Bookmark {
		return false
	}
	m, err := meta.Accessor(event.Object)
	return err == nil && m.GetAnnotations()[metav1.InitialEventsAnnotationKey] == "true"
}

// queue counts the events that have been received but not applied. A nil queue is empty.
type queue struct {
	mu     sync.Mutex
	length int
	// since is when the queue was last empty. It is zero while the queue is empty.
	since time.Time
}

func (q *queue) add() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.length++; q.length == 1 {
		q.since = time.Now()
	}
}

func (q *queue) take() {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.length > 0 {
		q.length--
	}
	if q.length == 0 {
		q.since = time.Time{}
	}
}

// age returns for how long the queue has not been empty.
func (q *queue) age() time.Duration {
	if q == nil {
		return 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.length == 0 {
		return 0
	}
	return time.Since(q.since)
}
