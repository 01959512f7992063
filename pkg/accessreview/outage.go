// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package accessreview

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/klog/v2"
)

// recoveryTime is how long no review may fail before an outage counts as over: an outage that comes
// and goes must not fill the log.
const recoveryTime = 10 * time.Second

// outage logs when reviews begin to fail and when they work again. In between, users silently see
// less than they may.
type outage struct {
	mu sync.Mutex
	// lasts is true from the first failure to the recovery. last is the time of the latest failure.
	lasts bool
	last  time.Time
}

// note records the outcome of a review.
func (o *outage) note(logger klog.Logger, resource schema.GroupResource, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err != nil && !o.lasts:
		logger.Error(err, "Access reviews fail: native RBAC adds only what recent reviews allowed", "resource", resource)
		o.lasts, o.last = true, time.Now()
	case err != nil:
		logger.V(2).Info("An access review failed", "resource", resource, "err", err)
		o.last = time.Now()
	case o.lasts && time.Since(o.last) >= recoveryTime:
		logger.Info("Access reviews work again")
		o.lasts = false
	}
}
