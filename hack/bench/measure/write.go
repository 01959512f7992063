// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

const (
	// mark is the annotation that holds the number of the last write of a namespace.
	mark = "bench.tenantview.capsule.dev/write"
	// writers is the number of writes that may be under way.
	writers = 16
)

// writes are the numbered writes of one turn.
type writes struct {
	// turn distinguishes the marks of this turn from those that namespaces still have.
	turn int64
	// start is when the turn began; sent has the time from it to each write, in nanoseconds.
	start time.Time
	sent  []atomic.Int64
}

func newWrites(n int) *writes {
	now := time.Now()
	return &writes{turn: now.UnixNano(), start: now, sent: make([]atomic.Int64, n)}
}

// prefix is what precedes the number of a write in the events of this turn.
func (w *writes) prefix() string { return fmt.Sprintf(`"%s":"%d-`, mark, w.turn) }

// write changes an annotation of namespaces, one after another, at a number of writes per second. It goes
// around the Tenants that are watched. It returns the time that this took.
func (b *Bench) write(ctx context.Context, w *writes, tenants, rate int) (time.Duration, error) {
	config, err := b.config(ctx, admin)
	if err != nil {
		return 0, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return 0, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(writers)
	begin := time.Now()
	for i := range w.sent {
		due := begin.Add(time.Duration(i) * time.Second / time.Duration(rate))
		if err := sleep(ctx, time.Until(due)); err != nil {
			break // the group has the reason
		}
		group.Go(func() error {
			namespace, _ := b.World.NamespacesOf(i % tenants)
			name := b.World.NamespaceName(namespace + i/tenants%10)
			patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:"%d-%d"}}}`, mark, w.turn, i)
			// When it was due: a server that slows down the writer must not look faster.
			w.sent[i].Store(int64(due.Sub(w.start)))
			_, err := client.CoreV1().Namespaces().Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
			return err
		})
	}
	err = group.Wait()
	return time.Since(begin), err
}
