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

// Sink takes what a source delivers.
type Sink[T any] interface {
	// Replace takes the whole content as of a resourceVersion, in the order of the items'.
	Replace(items []tenancy.Item[T], version uint64)
	// Put and Delete take the changes that follow, Bookmark the progress without any.
	Put(tenancy.Item[T])
	Delete(key tenancy.Key, version uint64)
	Bookmark(version uint64)
}

// retry is how long to wait between failures. It begins again when there has been none for
// retryReset.
var retry = wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Jitter: 0.5, Steps: 8, Cap: 15 * time.Second}

const retryReset = 2 * time.Minute

// Source lists and watches one resource.
type Source struct {
	name string
	// served asks whether the resource exists; nil if it must. That it does not is the same as
	// having no objects.
	served    Served
	reflector *cache.Reflector
	// clear tells the sink that there are no objects.
	clear func()
	// onSynced is called each time that the source has been read, or found absent.
	onSynced func()
	logger   klog.Logger

	mu     sync.Mutex
	synced bool
	absent bool
	// behindSince is since when the source may not follow what kube-apiserver has; zero while it
	// does.
	behindSince time.Time
	// missingSince is since when each answer has been that the resource is not found; zero if the
	// last was another one.
	missingSince time.Time
	// queue is that of the last watch.
	queue *queue
	// reported tells that a failure was logged, and its end was not.
	reported bool
}

// New returns a source that decodes what lw delivers and hands it on. An object that cannot
// be decoded is handed on with its error. If the resource may be absent, served tells whether it
// is when lw does not find it; otherwise served is nil.
func New[T any](name string, served Served, lw *cache.ListWatch, decode func(runtime.Object) (T, error), sink Sink[T]) *Source {
	s := &Source{name: name, served: served, onSynced: func() {}, logger: klog.Background()}
	s.clear = func() { sink.Replace(nil, 0) }
	s.reflector = cache.NewReflectorWithOptions(s.observed(lw), nil, &store[T]{source: s, decode: decode, sink: sink},
		cache.ReflectorOptions{Name: name, TypeDescription: name})
	return s
}

// Name is the name of the resource.
func (s *Source) Name() string { return s.name }

// Run lists and watches until the context ends.
func (s *Source) Run(ctx context.Context) {
	s.logger = klog.FromContext(ctx).WithValues("source", s.name)
	// ListAndWatch returns without an error from a watch that has failed, too: the delay grows
	// whatever it returns, unless it has gone well for long.
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
	s.logger.Error(err, "Listing and watching failed, trying again", "after", pause)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reported = true
}

// recovered logs that the source watches again, if it was logged that it failed.
func (s *Source) recovered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reported {
		s.logger.Info("Watching again")
		s.reported = false
	}
}

// sync notes that the sink has what kube-apiserver has: a list, or nothing.
func (s *Source) sync(absent bool) {
	s.mu.Lock()
	s.synced, s.absent = true, absent
	s.behindSince = time.Time{}
	if absent {
		s.queue = nil // nothing more comes of it
	} else {
		s.missingSince = time.Time{}
	}
	s.reported = s.reported && !absent // that it is absent is an answer, and logged
	s.mu.Unlock()
	s.onSynced()
}

// Synced tells whether the source has been read once, or is known to be absent. It stays
// true: what was read remains the best answer when the connection is lost.
func (s *Source) Synced() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.synced
}
