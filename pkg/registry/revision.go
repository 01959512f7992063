// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/storage"
)

const (
	// maxWait is how long a request waits for a resourceVersion that is still to come, as in
	// kube-apiserver's watch cache (k8s.io/apiserver, storage/cacher, blockTimeout).
	maxWait = 3 * time.Second
	// delivery is more than sources take to deliver what has been written.
	delivery = 100 * time.Millisecond
	// retryAfter is what a request is told to wait that has waited in vain.
	retryAfter = 1 // second
)

var versioner storage.APIObjectVersioner

// waitNotOlderThan returns when the view has all that its source had at a resourceVersion; 0
// is content with what there is. What this server has given to the user it has, and may be
// ahead of the source, with what other sources have delivered: it is waited for only as long
// as the source could still deliver an object that was written with the same number.
func (r *REST) waitNotOlderThan(ctx context.Context, u user.Info, version uint64) error {
	if version > r.view.Version() && r.ledger.of(u).gave(version) {
		waiting, cancel := context.WithTimeout(ctx, delivery)
		defer cancel()
		if err := r.view.WaitForVersion(waiting, version); err != nil && ctx.Err() != nil {
			return apierrors.NewTimeoutError(err.Error(), retryAfter)
		}
		return nil
	}
	return r.wait(ctx, u, version, r.view.Version, r.view.WaitForVersion)
}

// waitForRevision returns when the view has reached a revision.
func (r *REST) waitForRevision(ctx context.Context, u user.Info, revision uint64) error {
	return r.wait(ctx, u, revision, r.view.Revision, r.view.WaitForRevision)
}

func (r *REST) wait(ctx context.Context, u user.Info, wanted uint64, reached func() uint64, await func(context.Context, uint64) error) error {
	if reached() >= wanted {
		return nil
	}
	giveBack, err := r.waits.Take(u)
	if err != nil {
		return err
	}
	defer giveBack()
	waiting, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	if err := await(waiting, wanted); err != nil {
		if ctx.Err() != nil {
			return apierrors.NewTimeoutError(err.Error(), retryAfter)
		}
		return storage.NewTooLargeResourceVersionError(wanted, reached(), retryAfter)
	}
	return nil
}

func expired(message string) error { return apierrors.NewResourceExpired(message) }
