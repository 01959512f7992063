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
	// maxWait is how long a request waits for a future resourceVersion. It is the same as in
	// kube-apiserver's watch cache (k8s.io/apiserver, storage/cacher, blockTimeout).
	maxWait = 3 * time.Second
	// retryAfter is when a client should retry a request that has waited in vain.
	retryAfter = 1 // second
)

var versioner storage.APIObjectVersioner

// waitNotOlderThan waits until the view is not older than a resourceVersion; 0 means any age.
//
//   - A resourceVersion of kube-apiserver may be in the future: a client that has just written an
//     object can ask for a view that includes it.
//   - A revision that this server has given is in the view already.
//   - This server cannot know what another server had seen at a revision. It answers Expired, and
//     clients then list again without a resourceVersion. If it answered that the version is too
//     large, client-go would retry for half a minute.
func (r *REST) waitNotOlderThan(ctx context.Context, u user.Info, version uint64) error {
	switch by, revision := r.whoGave(version); {
	case by == kubeAPIServer:
		return r.waitForVersion(ctx, u, version)
	case by == thisServer && revision <= r.view.Revision():
		return nil
	default:
		return expired(fmt.Sprintf("The resourceVersion %d was not given by this server: list again without it", version))
	}
}

func (r *REST) whoGave(version uint64) (giver, uint64) {
	return r.ServerID.whoGave(version, r.view.Version())
}

// waitForVersion waits for an upstream resourceVersion.
func (r *REST) waitForVersion(ctx context.Context, u user.Info, version uint64) error {
	if r.view.Version() >= version {
		return nil
	}
	giveBack, err := r.waits.Take(u)
	if err != nil {
		r.observeRefusal(RefusedWaits)
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
