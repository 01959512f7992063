// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"slices"

	"capsule.dev/tenantview/pkg/view"
)

// holder collects grants.
//
// Rules of the same subject, kind and operations become one grant. Its criterion is the union of
// the rules. The reason is that the work for each event grows with the number of criteria, and
// tenants' users write rules.
type holder struct {
	kinds  []Kind
	grants []Held
	// rules are the criteria of the rules. order has their keys in the order of arrival.
	rules map[ruleKey][]view.Criterion
	order []ruleKey
	// trace notes where each grant comes from. It is nil unless somebody asks for reasons.
	trace *Trace
}

type ruleKey struct {
	kind       int
	subject    view.Subject
	operations view.Operations
	// part is the number of the rule if the holder has a trace: rules then stay separate.
	part int
}

func newHolder(r *Rules, trace *Trace) *holder { return &holder{kinds: r.kinds, trace: trace} }

// add grants a subject the objects of a kind that a criterion selects.
func (h *holder) add(kind int, subject view.Subject, criterion view.Criterion, operations view.Operations) {
	if operations == 0 || h.trace.ignores() {
		return
	}
	if criterion.Key() == view.None().Key() {
		h.trace.tenantSeesNone()
		return
	}
	h.grants = append(h.grants, Held{h.kinds[kind].Upstream.GroupResource(), subject, view.Grant{Criterion: criterion, Operations: operations}})
	h.trace.grant(criterion)
}

// addRule grants a subject the objects of a kind that a rule selects. The grant appears when
// finish is called. Rules are alternatives: their requirements are never merged.
func (h *holder) addRule(kind int, subject view.Subject, criterion view.Criterion, operations view.Operations) {
	if operations == 0 || h.trace.ignores() {
		return
	}
	key := ruleKey{kind, subject, operations, h.trace.part()}
	if h.rules == nil {
		h.rules = make(map[ruleKey][]view.Criterion)
	}
	if _, known := h.rules[key]; !known {
		h.order = append(h.order, key)
	}
	h.rules[key] = append(h.rules[key], criterion)
}

// finish grants the objects that the rules select, within the bounds of each kind unless bounds is
// nil.
func (h *holder) finish(bounds []view.Criterion) {
	for _, key := range h.order {
		selected := view.Or(h.rules[key]...)
		h.trace.returnTo(key.part, selected, bounds != nil)
		criterion := selected
		if bounds != nil {
			criterion = view.And(selected, bounds[key.kind])
		}
		h.add(key.kind, key.subject, criterion, key.operations)
	}
}

// done returns the grants that allow an operation.
func (h *holder) done() []Held {
	h.trace.take(h.grants)
	return slices.DeleteFunc(h.grants, func(g Held) bool { return g.Grant.Operations == 0 })
}
