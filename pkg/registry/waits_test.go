// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"fmt"
	"maps"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
)

// Requests for versions of the future wait, and each occupies a place. One user must not wait in all of
// them, nor all users together.
func TestWaitsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newSolarFixture()
		var all sync.WaitGroup
		ask := func(user string, times int) map[int32]int {
			codes := make(map[int32]int)
			var mu sync.Mutex
			for range times {
				all.Go(func() {
					_, err := f.List(as(user), &metainternalversion.ListOptions{ResourceVersion: "200"})
					mu.Lock()
					defer mu.Unlock()
					codes[codeOf(t, err)]++
				})
			}
			synctest.Wait() // until those that are not refused wait
			mu.Lock()
			defer mu.Unlock()
			return maps.Clone(codes) // those that wait still write theirs
		}
		if diff := cmp.Diff(map[int32]int{429: 3}, ask("alice", 13)); diff != "" {
			t.Errorf("one user (-want +got):\n%s", diff)
		}
		for i := range 20 {
			if diff := cmp.Diff(map[int32]int{}, ask(fmt.Sprint("user-", i), 1)); diff != "" {
				t.Errorf("user %d, who has none (-want +got):\n%s", i, diff)
			}
		}
		if diff := cmp.Diff(map[int32]int{429: 2}, ask("bob", 3)); diff != "" {
			t.Errorf("a user of several, when half of all wait (-want +got):\n%s", diff)
		}
		all.Wait() // in the time of the bubble
		if diff := cmp.Diff(map[int32]int{}, ask("alice", 1)); diff != "" {
			t.Errorf("when the others are done (-want +got):\n%s", diff)
		}
		all.Wait()
	})
}
