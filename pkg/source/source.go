// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
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

// absentPoll is how often a resource is asked for again that does not exist.
const absentPoll = 3 * time.Second

// Source lists and watches one resource.
type Source struct {
	name string
	// optional tells that the resource may be absent, which is the same as having no objects.
	optional  bool
	reflector *cache.Reflector
	// clear tells the sink that there are no objects.
	clear func()
	// onSynced is called each time that the source has been read, or found absent.
	onSynced func()
	logger   klog.Logger

	mu     sync.Mutex
	synced bool
	absent bool
	// failingSince is when the source last lost its connection; zero while it has one.
	failingSince time.Time
	// reported tells that a failure was logged, and its end was not.
	reported bool
}

// New returns a source that decodes what lw delivers and hands it on. An object that cannot
// be decoded is handed on with its error.
func New[T any](name string, optional bool, lw *cache.ListWatch, decode func(runtime.Object) (T, error), sink Sink[T]) *Source {
	s := &Source{name: name, optional: optional, onSynced: func() {}, logger: klog.Background()}
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
		case s.optional && apierrors.IsNotFound(err):
			s.disappear()
			pause = jittered(absentPoll)
		default:
			s.fail()
			s.report(err, pause)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func jittered(d time.Duration) time.Duration { return wait.Jitter(d, 0.2) }

// observed notes by the outcome of each call whether the source has a connection.
func (s *Source) observed(lw *cache.ListWatch) *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			list, err := lw.ListWithContextFunc(ctx, options)
			s.note(err)
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			w, err := lw.WatchFuncWithContext(ctx, options)
			s.note(err)
			if err == nil {
				s.recovered()
			}
			return w, err
		},
		DisableChunking: lw.DisableChunking,
	}
}

func (s *Source) note(err error) {
	if err != nil {
		s.fail()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failingSince = time.Time{}
}

func (s *Source) fail() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failingSince.IsZero() {
		s.failingSince = time.Now()
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

// appear notes that the resource exists and has been read.
func (s *Source) appear() {
	if s.Absent() {
		s.logger.Info("The resource is served now")
	}
	s.sync(false)
}

func (s *Source) sync(absent bool) {
	s.mu.Lock()
	s.synced, s.absent = true, absent
	s.failingSince = time.Time{}
	s.reported = s.reported && !absent // that it is absent is an answer, and logged
	s.mu.Unlock()
	s.onSynced()
}

// disappear notes that the resource does not exist: its objects are gone with it.
func (s *Source) disappear() {
	s.mu.Lock()
	absent, reported := s.absent, s.reported
	s.mu.Unlock()
	if !absent || reported {
		s.logger.Info("The resource is not served; it counts as having no objects until it is")
	}
	if !absent {
		s.clear()
	}
	s.sync(true)
}

// Synced tells whether the source has been read once, or is known to be absent. It stays
// true: what was read remains the best answer when the connection is lost.
func (s *Source) Synced() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.synced
}

// Absent tells whether the resource does not exist.
func (s *Source) Absent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.absent
}

// Lag is how long the source has been without a connection; 0 while it has one.
func (s *Source) Lag() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failingSince.IsZero() {
		return 0
	}
	return time.Since(s.failingSince)
}
