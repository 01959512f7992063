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

// Lag is how long the sink has been behind kube-apiserver; 0 if it is not. It counts from when the
// watch ended or a list was asked for, until the watch goes on or the list is applied; and
// from when the first of the events was received that have been waiting without a break. While
// events keep coming faster than they are applied, it is more than the age of the oldest of them:
// how old those are that wait in the connection cannot be known.
func (s *Source) Lag() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	lag := s.queue.age()
	if !s.behindSince.IsZero() {
		lag = max(lag, time.Since(s.behindSince))
	}
	return lag
}

// observed notes by the calls of a reflector, and their outcome, whether the source follows what
// kube-apiserver has.
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
			// The events of such a watch begin with a list, which is applied as a whole.
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

// behind notes that the sink may not have what kube-apiserver has, until sync or follow is called.
func (s *Source) behind() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.behindSince.IsZero() {
		s.behindSince = time.Now()
	}
}

// follow hands on the events of a watch, and notes when each is received. If the watch begins
// with a list, the events up to its end are not counted.
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

// ended notes that a watch has ended: the source is behind, unless it has another one by now.
func (s *Source) ended(q *queue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue == q && s.behindSince.IsZero() {
		s.behindSince = time.Now()
	}
}

// applied notes that the sink has taken an event of the watch.
func (s *Source) applied() {
	s.mu.Lock()
	q := s.queue
	s.mu.Unlock()
	q.take()
}

// followed is a watch whose events are counted. It holds one of them until the reflector, which
// takes one after the other, is ready for it: so there is always one as long as more are queued
// behind, in the connection.
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
		// The object is the reflector's once it is sent, and the end of a list its last event.
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

// endsList tells whether an event is the bookmark by which kube-apiserver ends the list that a
// watch begins with.
func endsList(event watch.Event) bool {
	if event.Type != watch.Bookmark {
		return false
	}
	m, err := meta.Accessor(event.Object)
	return err == nil && m.GetAnnotations()[metav1.InitialEventsAnnotationKey] == "true"
}

// queue counts the events that have been received and not been applied. A nil queue is empty.
type queue struct {
	mu     sync.Mutex
	length int
	// since is when the queue was last empty; zero if it is.
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

// age is for how long the queue has not been empty.
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
