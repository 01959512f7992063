// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"

	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/view"
)

// Sight is what a user may do with one object.
type Sight struct {
	// Entry is what a get returns, or nil if that is "not found".
	Entry *view.Entry
	// Operations are what the user may do with the object: those that a request would be allowed.
	Operations view.Operations
	// NativeList is true if RBAC lets the user list all objects of the kind, and NativeGet if only
	// RBAC lets him get this one.
	NativeList, NativeGet bool
}

// Look returns what a user may do with the object of that name. It finds out in the same way as the
// requests themselves, and fails as they do. A hidden object costs the same work as an absent one.
func (r *REST) Look(ctx context.Context, u user.Info, name string) (Sight, error) {
	e, found, err := r.get(ctx, u, name)
	if err != nil {
		return Sight{}, err
	}
	who, err := r.viewer(ctx, u)
	if err != nil {
		return Sight{}, err
	}
	sight := Sight{NativeList: who.All}
	if !found {
		return sight, nil
	}
	sight.Entry, sight.Operations = e, view.OpGet
	if _, ok := r.view.Get(who, name, view.OpList); ok {
		sight.Operations |= view.OpList
	}
	// Native RBAC allows no writes here.
	granted := r.Viewers.Viewer(u)
	for _, op := range []view.Operations{view.OpUpdate, view.OpDelete} {
		if _, ok := r.view.Get(granted, name, view.OpList|op); ok {
			sight.Operations |= op
		}
	}
	_, byGrant := r.view.Get(granted, name, view.OpGet)
	sight.NativeGet = !byGrant && !who.All
	return sight, nil
}

// Listed returns what a list of the user shows, and whether that is everything by native RBAC.
func (r *REST) Listed(ctx context.Context, u user.Info) (entries []*view.Entry, all bool, err error) {
	who, err := r.viewer(ctx, u)
	if err != nil {
		return nil, false, err
	}
	entries, _ = r.view.List(who)
	return entries, who.All, nil
}

// Granted returns whether grants show the object of that name to the user, without native RBAC.
func (r *REST) Granted(u user.Info, name string) bool {
	_, ok := r.view.Get(r.Viewers.Viewer(u), name, view.OpGet)
	return ok
}

// Peek returns the object of that name, whoever may see it. Its answer is for administrators.
func (r *REST) Peek(name string) (*view.Entry, bool) {
	return r.view.Get(view.Viewer{All: true}, name, view.OpGet)
}

// Kind returns the kind that is served.
func (r *REST) Kind() *Kind { return r.kind }

// UserOf returns the user of a request. It fails until the sources have been read.
func (r *REST) UserOf(ctx context.Context) (user.Info, error) { return r.admit(ctx) }
