// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"

	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/view"
)

// Access is what a user may do with one object.
type Access struct {
	// Entry is what a get returns, or nil if that is "not found".
	Entry *view.Entry
	// Operations are what the user may do with the object: those that a request would be allowed.
	Operations view.Operations
	// NativeGet is true if only RBAC lets the user get this object, and not by listing all.
	NativeGet bool
}

// AccessTo returns what a user may do with the object of that name. It finds out in the same way as the
// requests themselves, and fails as they do, but notes nothing for the audit log: the user may be
// another one than that of the request. A hidden object costs the same work as an absent one.
func (r *REST) AccessTo(ctx context.Context, u user.Info, name string) (Access, error) {
	e, found, err := r.get(ctx, u, name)
	if err != nil {
		return Access{}, err
	}
	who, _, err := r.viewerOf(ctx, u)
	if err != nil {
		return Access{}, err
	}
	if !found {
		return Access{}, nil
	}
	access := Access{Entry: e, Operations: view.OpGet}
	if _, ok := r.view.Get(who, name, view.OpList); ok {
		access.Operations |= view.OpList
	}
	// Native RBAC allows no writes here.
	granted := r.Viewers.Viewer(u)
	for _, op := range []view.Operations{view.OpUpdate, view.OpDelete} {
		if _, ok := r.view.Get(granted, name, view.OpList|op); ok {
			access.Operations |= op
		}
	}
	_, byGrant := r.view.Get(granted, name, view.OpGet)
	access.NativeGet = !byGrant && !who.All
	return access, nil
}

// Listed returns what a list of the user shows, and whether that is everything by native RBAC. Like
// AccessTo, it notes nothing.
func (r *REST) Listed(ctx context.Context, u user.Info) (entries []*view.Entry, all bool, err error) {
	who, _, err := r.viewerOf(ctx, u)
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

// GetForAdmin returns the object of that name, whoever may see it. Its answer is for administrators.
func (r *REST) GetForAdmin(name string) (*view.Entry, bool) {
	return r.view.Get(view.Viewer{All: true}, name, view.OpGet)
}

// Kind returns the kind that is served.
func (r *REST) Kind() *Kind { return r.kind }

// UserOf returns the user of a request. It fails until the sources have been read.
func (r *REST) UserOf(ctx context.Context) (user.Info, error) { return r.admit(ctx) }
