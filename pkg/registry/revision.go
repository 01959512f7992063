// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/storage"
)

const (
	// maxWait is how long a request waits for a resourceVersion that is still to come, as in
	// kube-apiserver's watch cache (k8s.io/apiserver, storage/cacher, blockTimeout).
	maxWait = 3 * time.Second
	// retryAfter is what a request is told to wait that has waited in vain.
	retryAfter = 1 // second
)

var versioner storage.APIObjectVersioner

// waitNotOlderThan returns when the view has all that there was at a resourceVersion; 0 is
// content with what there is. Who has just written an object may ask for what is not older than
// that, by kube-apiserver's resourceVersion. What this server has given out it has. What another
// one had seen when it gave a resourceVersion, this one cannot tell: whoever has it is told that
// it has expired, on which he lists what there is. Told that it is too large, client-go would ask
// again for half a minute.
func (r *REST) waitNotOlderThan(ctx context.Context, u user.Info, version uint64) error {
	switch by, revision := r.whoGave(version); {
	case by == kubeAPIServer:
		return r.waitForVersion(ctx, u, version)
	case by == thisServer && revision <= r.view.Revision():
		return nil
	default:
		return expired(fmt.Sprintf("The resourceVersion %d is not one of this server: list again without it", version))
	}
}

func (r *REST) whoGave(version uint64) (giver, uint64) {
	return r.ServerID.whoGave(version, r.view.Version())
}

// waitForVersion awaits an upstream resourceVersion.
func (r *REST) waitForVersion(ctx context.Context, u user.Info, version uint64) error {
	if r.view.Version() >= version {
		return nil
	}
	giveBack, err := r.waits.Take(u)
	if err != nil {
		return err
	}
	defer giveBack()
	waiting, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	if err := r.view.WaitForVersion(waiting, version); err != nil {
		if ctx.Err() != nil {
			return apierrors.NewTimeoutError(err.Error(), retryAfter)
		}
		return storage.NewTooLargeResourceVersionError(version, r.view.Version(), retryAfter)
	}
	return nil
}

func expired(message string) error { return apierrors.NewResourceExpired(message) }
