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
	// waitForRevision is how long a request waits for a revision that is still to come, as
	// in kube-apiserver's watch cache (k8s.io/apiserver, storage/cacher, blockTimeout).
	waitForRevision = 3 * time.Second
	// retryAfter is what a request is told to wait that has waited in vain.
	retryAfter = 1 // second
)

var versioner storage.APIObjectVersioner

// waitNotOlderThan returns when the view has reached the resourceVersion; "" and "0" are
// content with what there is.
func (r *REST) waitNotOlderThan(ctx context.Context, u user.Info, resourceVersion string) error {
	revision, err := versioner.ParseResourceVersion(resourceVersion)
	if err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	return r.wait(ctx, u, revision)
}

func (r *REST) wait(ctx context.Context, u user.Info, revision uint64) error {
	if revision == 0 || r.view.Revision() >= revision {
		return nil
	}
	giveBack, err := r.waits.take(u)
	if err != nil {
		return err
	}
	defer giveBack()
	waiting, cancel := context.WithTimeout(ctx, waitForRevision)
	defer cancel()
	if err := r.view.WaitForRevision(waiting, revision); err != nil {
		if ctx.Err() != nil {
			return apierrors.NewTimeoutError(err.Error(), retryAfter)
		}
		return storage.NewTooLargeResourceVersionError(revision, r.view.Revision(), retryAfter)
	}
	return nil
}

func expired(message string) error { return apierrors.NewResourceExpired(message) }
