// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package failover

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/testcluster"
)

// lister lists all the time, one list after the other, and never tries one again.
type lister struct {
	config *rest.Config
	path   string

	mu       sync.Mutex
	good     int
	failures []string
	last     time.Time // when the last good list ended
	gap      time.Duration
}

// listers is several of them.
type listers struct {
	all  []*lister
	stop context.CancelFunc
	done sync.WaitGroup
}

// startListers starts some listers of a user for each kind.
func startListers(t *testing.T, user *rest.Config, each int) *listers {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ls := &listers{stop: stop}
	t.Cleanup(ls.end)
	for _, k := range kinds {
		for range each {
			l := &lister{config: user, path: k.Path(), last: time.Now()}
			ls.all = append(ls.all, l)
			ls.done.Go(func() {
				for ctx.Err() == nil {
					l.list(ctx)
					select { // leaves the machine some time for the servers
					case <-ctx.Done():
					case <-time.After(10 * time.Millisecond):
					}
				}
			})
		}
	}
	return ls
}

func (l *lister) list(ctx context.Context) {
	answer, err := testcluster.TryGet(ctx, l.config, l.path)
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		err = complete(answer)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failures = append(l.failures, err.Error())
		return
	}
	l.good++
	l.gap = max(l.gap, time.Since(l.last))
	l.last = time.Now()
}

// complete returns an error unless a list has the objects that the user always sees, and no others than
// the user may see.
func complete(answer testcluster.Answer) error {
	if answer.Code != http.StatusOK {
		return fmt.Errorf("%d: %s", answer.Code, answer.Body)
	}
	var list struct {
		Items []struct{ Metadata struct{ Name string } }
	}
	if err := json.Unmarshal(answer.Body, &list); err != nil {
		return err
	}
	constant := 0
	for _, item := range list.Items {
		switch {
		case strings.HasPrefix(item.Metadata.Name, "always-"):
			constant++
		case !strings.HasPrefix(item.Metadata.Name, "moving-"):
			return fmt.Errorf("the list has %s", item.Metadata.Name)
		}
	}
	if constant != always {
		return fmt.Errorf("the list has %d of %d objects", constant, always)
	}
	return nil
}

// more returns when each lister has had some more good lists.
func (ls *listers) more(t *testing.T) {
	t.Helper()
	const lists = 20
	for _, l := range ls.all {
		before := l.count()
		testcluster.Eventually(t, "lists succeed", func() error {
			if got := l.count(); got < before+lists {
				return fmt.Errorf("%d of %d lists", got-before, lists)
			}
			return nil
		})
	}
}

func (l *lister) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.good
}

// end stops the listers, and returns when they have ended.
func (ls *listers) end() {
	ls.stop()
	ls.done.Wait()
}

// result sums up what has happened: most is the largest number of failures of one lister.
func (ls *listers) result() (good, failed, most int, gap time.Duration, reasons []string) {
	for _, l := range ls.all {
		l.mu.Lock()
		good, failed = good+l.good, failed+len(l.failures)
		most, gap = max(most, len(l.failures)), max(gap, l.gap)
		reasons = append(reasons, l.failures...)
		l.mu.Unlock()
	}
	return good, failed, most, gap, reasons
}
