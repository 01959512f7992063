// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package accessreview

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/klog/v2"
)

// recoveryTime is how long no review may have failed until an outage is over: one that
// comes and goes must not fill the log.
const recoveryTime = 10 * time.Second

// outage logs that reviews fail, and that they do no longer: meanwhile users silently see
// less than they may.
type outage struct {
	mu sync.Mutex
	// lasts is true from the first failure to the recovery, and last is when a review failed
	// last.
	lasts bool
	last  time.Time
}

// note takes the outcome of a review.
func (o *outage) note(logger klog.Logger, resource schema.GroupResource, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err != nil && !o.lasts:
		logger.Error(err, "Access reviews fail: native RBAC adds nothing, but what it has added a moment ago", "resource", resource)
		o.lasts, o.last = true, time.Now()
	case err != nil:
		logger.V(2).Info("An access review failed and adds nothing", "resource", resource, "err", err)
		o.last = time.Now()
	case o.lasts && time.Since(o.last) >= recoveryTime:
		logger.Info("Access reviews do not fail any more")
		o.lasts = false
	}
}
