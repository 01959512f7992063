// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"capsule.dev/tenantview/pkg/tenancy"
)

// Sink takes the objects that a source delivers.
type Sink[T any] interface {
	// Replace takes the whole content as of a resourceVersion. The items are ordered by version.
	Replace(items []tenancy.Item[T], version uint64)
	// Put and Delete take the changes that follow. Bookmark takes progress without changes.
	Put(tenancy.Item[T])
	Delete(key tenancy.Key, version uint64)
	Bookmark(version uint64)
}

// retry is the backoff between failures. It starts again after retryReset without failures.
var retry = wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Jitter: 0.5, Steps: 8, Cap: 15 * time.Second}

const retryReset = 2 * time.Minute

// Source lists and watches one resource.
type Source struct {
	name string
	// served asks whether the resource exists. An absent resource is the same as one without
	// objects. served is nil if the resource must exist.
	served    Served
	reflector *cache.Reflector
	// clear removes all objects from the sink.
	clear func()
	// onSynced is called each time the source has been read, or found absent.
	onSynced func()
	logger   klog.Logger

	mu     sync.Mutex
	synced bool
	absent bool
	// behindSince is the time since which the source may be behind kube-apiserver. It is zero while
	// the source is not behind.
	behindSince time.Time
	// missingSince is the time since which every response has been "not found". It is zero if the
	// last response was a different one.
	missingSince time.Time
	// queue is the queue of the last watch.
	queue *queue
	// reported is true if a failure was logged, but not its end.
	reported bool
}

// New returns a source that decodes the objects of lw and passes them on. It passes on an object
// that cannot be decoded with its error. If the resource may be absent, the source calls served
// when lw does not find it. Otherwise, served is nil.
func New[T any](name string, served Served, lw *cache.ListWatch, decode func(runtime.Object) (T, error), sink Sink[T]) *Source {
	s := &Source{name: name, served: served, onSynced: func() {}, logger: klog.Background()}
	s.clear = func() { sink.Replace(nil, 0) }
	s.reflector = cache.NewReflectorWithOptions(s.observed(lw), nil, &store[T]{source: s, decode: decode, sink: sink},
		cache.ReflectorOptions{Name: name, TypeDescription: name})
	return s
}

// Name returns the name of the resource.
func (s *Source) Name() string { return s.name }

// Run lists and watches until the context ends.
func (s *Source) Run(ctx context.Context) {
	s.logger = klog.FromContext(ctx).WithValues("source", s.name)
	// ListAndWatch also returns no error after a watch that has failed. So the delay grows whatever
	// it returns, unless all has gone well for long.
	delay := retry.DelayWithReset(clock.RealClock{}, retryReset)
	for ctx.Err() == nil {
		err := s.reflector.ListAndWatchWithContext(ctx)
		pause := delay()
		switch {
		case err == nil:
			s.found()
		case s.served != nil && apierrors.IsNotFound(err):
			pause = jittered(absentPoll)
			if s.isAbsent(ctx) {
				s.disappear()
			} else {
				s.behind()
				s.report(err, pause)
			}
		default:
			s.found()
			s.behind()
			s.report(err, pause)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// report logs that the source has failed.
func (s *Source) report(err error, pause time.Duration) {
	s.logger.Error(err, "Listing and watching failed, retrying", "after", pause)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reported = true
}

// recovered logs that the source watches again, if its failure was logged.
func (s *Source) recovered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reported {
		s.logger.Info("Watching again")
		s.reported = false
	}
}

// sync records that the sink is up to date: it has the list, or the resource is absent.
func (s *Source) sync(absent bool) {
	s.mu.Lock()
	s.synced, s.absent = true, absent
	s.behindSince = time.Time{}
	if absent {
		s.queue = nil // its watch has ended
	} else {
		s.missingSince = time.Time{}
	}
	s.reported = s.reported && !absent // absence is no failure, and is logged
	s.mu.Unlock()
	s.onSynced()
}

// Synced reports whether the source has been read once, or is known to be absent. It stays true,
// because the old content is the best answer when the connection is lost.
func (s *Source) Synced() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.synced
}
