// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package accessreview

import (
	"context"

	"k8s.io/apiserver/pkg/authentication/user"
)

type askerKey struct{}

// WithAsker returns the context of a request in which one user asks about another. Questions about
// names count against the limit of the user who asks.
func WithAsker(ctx context.Context, asker user.Info) context.Context {
	return context.WithValue(ctx, askerKey{}, asker)
}

// askerOf returns the user who asks, who normally is the user whom the question is about.
func askerOf(ctx context.Context, about user.Info) user.Info {
	if asker, ok := ctx.Value(askerKey{}).(user.Info); ok {
		return asker
	}
	return about
}
