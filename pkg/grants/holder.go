// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import "capsule.dev/tenantview/pkg/view"

// holder collects grants.
//
// The rules of one subject, for one kind and with the same operations, become one grant whose
// criterion is their union: what is to be done with each event is as much as there are criteria,
// and users of tenants write rules.
type holder struct {
	kinds  []Kind
	grants []Held
	// rules are the criteria of rules, and order the keys in the order in which they came.
	rules map[ruleKey][]view.Criterion
	order []ruleKey
}

type ruleKey struct {
	kind       int
	subject    view.Subject
	operations view.Operations
}

func newHolder(r *Rules) *holder { return &holder{kinds: r.kinds} }

// add grants a subject what a criterion selects of a kind.
func (h *holder) add(kind int, subject view.Subject, criterion view.Criterion, operations view.Operations) {
	if operations == 0 || criterion.Key() == view.None().Key() {
		return
	}
	h.grants = append(h.grants, Held{h.kinds[kind].Upstream.GroupResource(), subject, view.Grant{Criterion: criterion, Operations: operations}})
}

// addRule grants a subject what a rule selects of a kind, when finish is called. Rules are
// alternatives: their requirements are never merged.
func (h *holder) addRule(kind int, subject view.Subject, criterion view.Criterion, operations view.Operations) {
	if operations == 0 {
		return
	}
	key := ruleKey{kind, subject, operations}
	if h.rules == nil {
		h.rules = make(map[ruleKey][]view.Criterion)
	}
	if _, known := h.rules[key]; !known {
		h.order = append(h.order, key)
	}
	h.rules[key] = append(h.rules[key], criterion)
}

// finish grants what the rules select, within the bounds of each kind unless those are nil.
func (h *holder) finish(bounds []view.Criterion) {
	for _, key := range h.order {
		criterion := view.Or(h.rules[key]...)
		if bounds != nil {
			criterion = view.And(criterion, bounds[key.kind])
		}
		h.add(key.kind, key.subject, criterion, key.operations)
	}
}
