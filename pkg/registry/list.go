// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/view"
)

// List returns the objects that the user may see. It treats resource versions as kube-apiserver
// does when it lists from its watch cache: see
// https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
func (r *REST) List(ctx context.Context, options *metainternalversion.ListOptions) (runtime.Object, error) {
	u, err := r.admit(ctx)
	if err != nil {
		return nil, err
	}
	if options == nil {
		options = &metainternalversion.ListOptions{}
	}
	page, err := r.page(ctx, u, options)
	if err != nil {
		return nil, err
	}
	if err := reserveAnswer(ctx, page.entries); err != nil {
		return nil, err
	}
	noteObjects(ctx, len(page.entries))
	splice := wantsPlain(ctx)
	converted := page.entries
	if splice {
		converted = nil
	}
	list := r.kind.ConvertList(converted, r.ServerID)
	m, err := meta.ListAccessor(list)
	if err != nil {
		return nil, fmt.Errorf("building the list of %s: %w", r.kind.Resource, err)
	}
	m.SetResourceVersion(r.ServerID.format(page.revision))
	m.SetContinue(page.next)
	if page.next != "" && selectsAll(options) {
		m.SetRemainingItemCount(&page.remaining)
	}
	if r.ObserveList != nil {
		r.ObserveList(r.kind.Resource, len(page.entries))
	}
	if splice {
		whole := options.Continue == "" && page.next == ""
		list = &spliced{
			empty: list, kind: r.kind, entries: page.entries, id: r.ServerID,
			encodings: r.Encodings, keep: whole && len(page.entries) <= maxRemembered,
		}
	}
	return list, nil
}

type reserveKey struct{}

// WithReserve returns the context of a request. A list calls reserve with the approximate size of
// what it is about to answer, in bytes, and fails with its error.
func WithReserve(ctx context.Context, reserve func(bytes int) error) context.Context {
	return context.WithValue(ctx, reserveKey{}, reserve)
}

// reserveAnswer reserves memory for an answer: some forms of it, such as tables, are kept whole until the
// client has read them.
func reserveAnswer(ctx context.Context, entries []*view.Entry) error {
	size := 0
	for _, e := range entries {
		size += e.Size
	}
	return Reserve(ctx, size)
}

// Reserve reserves memory for a request, as the reserve function of its context decides.
func Reserve(ctx context.Context, bytes int) error {
	reserve, ok := ctx.Value(reserveKey{}).(func(int) error)
	if !ok {
		return nil
	}
	return reserve(bytes)
}

// page is one answer to a list.
type page struct {
	entries  []*view.Entry
	revision uint64
	// next is the token that continues the list if there is more of it. remaining is how many
	// entries are left.
	next      string
	remaining int64
}

// page returns the part of the list that a request asks for.
func (r *REST) page(ctx context.Context, u user.Info, options *metainternalversion.ListOptions) (page, error) {
	ctx, span := r.startSpan(ctx, "ListFromView")
	defer span.End(slowSpan)
	find := r.firstPage
	if options.Continue != "" {
		find = r.nextPage
	}
	p, err := find(ctx, u, options)
	if err == nil {
		found(span, len(p.entries))
	}
	return p, err
}

func (r *REST) firstPage(ctx context.Context, u user.Info, options *metainternalversion.ListOptions) (page, error) {
	wanted, err := versioner.ParseResourceVersion(options.ResourceVersion)
	if err != nil {
		return page{}, apierrors.NewBadRequest(fmt.Sprintf("invalid resource version: %v", err))
	}
	if err := r.waitNotOlderThan(ctx, u, wanted); err != nil {
		return page{}, err
	}
	who, err := r.viewer(ctx, u)
	if err != nil {
		return page{}, err
	}
	entries, at := r.view.List(who)
	if isExact(options, wanted) && r.ServerID.version(at.Revision) != wanted {
		return page{}, expired(fmt.Sprintf("The resourceVersion for the provided list is too old: %d", wanted))
	}
	// A client that lists must be able to watch from there. If the user has seen this revision with
	// another scope before, the client needs a new one: otherwise it would be told to list again and
	// again.
	if issued := r.issuedTo(u); !issued.add(at, false) && !isExact(options, wanted) {
		r.view.Advance()
		entries, at = r.view.List(who)
		issued.add(at, false)
	}
	entries = filter(entries, options)
	// A list that may be of any age is answered in one piece, as from kube-apiserver's watch cache.
	// If client-go gets pages, it assumes a server without watch cache and asks only for pages from
	// then on.
	if options.ResourceVersion == "0" || options.Limit <= 0 || int64(len(entries)) <= options.Limit {
		return page{entries: entries, revision: at.Revision}, nil
	}
	return r.pages.start(u, entries, at.Revision, int(options.Limit)), nil
}

// nextPage continues a list. It shows the list as it was when it began, without the objects that
// the user may no longer see.
func (r *REST) nextPage(ctx context.Context, u user.Info, options *metainternalversion.ListOptions) (page, error) {
	if options.ResourceVersion != "" && options.ResourceVersion != "0" {
		return page{}, apierrors.NewBadRequest("specifying resource version is not allowed when using continue")
	}
	p, err := r.pages.next(accessreview.HolderOf(u), options.Continue, int(options.Limit))
	if err != nil {
		return page{}, err
	}
	who, err := r.viewer(ctx, u)
	if err != nil {
		return page{}, err
	}
	// If the user's scope has changed since the list began, the client has seen only a part of the
	// list and must not watch from there.
	r.issuedTo(u).markNotResumable(view.Position{Revision: p.revision, Scope: r.view.Scope(who)})
	p.entries = filter(r.view.StillVisible(who, p.entries), options)
	return p, nil
}

// isExact returns whether a list must be of exactly the wanted revision. A list with a limit and
// without resourceVersionMatch must be: kube-apiserver has always done so.
func isExact(options *metainternalversion.ListOptions, wanted uint64) bool {
	switch options.ResourceVersionMatch {
	case metav1.ResourceVersionMatchExact:
		return true
	case "":
		return wanted != 0 && options.Limit > 0
	default:
		return false
	}
}

func selectsAll(options *metainternalversion.ListOptions) bool {
	return (options.LabelSelector == nil || options.LabelSelector.Empty()) &&
		(options.FieldSelector == nil || options.FieldSelector.Empty())
}

// filter returns the entries that the request's selectors match. It may overwrite the slice.
func filter(entries []*view.Entry, options *metainternalversion.ListOptions) []*view.Entry {
	if selectsAll(options) {
		return entries
	}
	kept := entries[:0]
	for _, e := range entries {
		if matches(&e.Attributes, options) {
			kept = append(kept, e)
		}
	}
	return kept
}

var _ labels.Labels = view.Labels(nil)

func matches(o *view.Attributes, options *metainternalversion.ListOptions) bool {
	byLabel, byField := options.LabelSelector, options.FieldSelector
	return (byLabel == nil || byLabel.Matches(o.Labels)) &&
		(byField == nil || byField.Matches(fields.Set{"metadata.name": o.Name, "metadata.namespace": ""}))
}
