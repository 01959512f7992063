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
	// delay is more than sources take to deliver what has been written.
	delay = 100 * time.Millisecond
	// retryAfter is what a request is told to wait that has waited in vain.
	retryAfter = 1 // second
)

var versioner storage.APIObjectVersioner

// whose tells who has given a resourceVersion, and the revision that is meant by it.
func (r *REST) whose(version uint64) (giver, uint64) {
	return r.Origin.whose(version, r.view.Version(), r.view.Revision())
}

// waitNotOlderThan returns when the view has all that there was at a resourceVersion; 0 is
// content with what there is. Who has just written an object may ask for what is not older than
// that, by kube-apiserver's resourceVersion. What another server has shown, this one cannot tell:
// it is waited for only as long as a server is commonly late. Who is told that it has expired
// lists what there is; told that it is too large, client-go would ask again for half a minute.
func (r *REST) waitNotOlderThan(ctx context.Context, u user.Info, version uint64) error {
	switch by, revision := r.whose(version); by {
	case kubeAPIServer:
		return r.wait(ctx, u, version, r.view.Version, func(ctx context.Context) error {
			return r.view.WaitForVersion(ctx, version)
		})
	case anotherServer:
		waiting, cancel := context.WithTimeout(ctx, delay)
		defer cancel()
		switch err := r.view.WaitForVersion(waiting, revision); {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return apierrors.NewTimeoutError(err.Error(), retryAfter)
		default:
			return expired(fmt.Sprintf("The resourceVersion %d was given by another server, and this one cannot tell whether it is as far", version))
		}
	default:
		return r.waitForRevision(ctx, u, version, revision)
	}
}

// waitForRevision returns when the view has reached the revision of a server's resourceVersion.
func (r *REST) waitForRevision(ctx context.Context, u user.Info, version, revision uint64) error {
	return r.wait(ctx, u, version, func() uint64 { return r.Origin.version(r.view.Revision()) }, func(ctx context.Context) error {
		return r.view.WaitForRevision(ctx, revision)
	})
}

// wait awaits a resourceVersion that has not been reached.
func (r *REST) wait(ctx context.Context, u user.Info, wanted uint64, reached func() uint64, await func(context.Context) error) error {
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
	if err := await(waiting); err != nil {
		if ctx.Err() != nil {
			return apierrors.NewTimeoutError(err.Error(), retryAfter)
		}
		return storage.NewTooLargeResourceVersionError(wanted, reached(), retryAfter)
	}
	return nil
}

func expired(message string) error { return apierrors.NewResourceExpired(message) }
