// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/view"
)

// Classes returns the criterion of a Tenant's classes. It selects the classes that the list names,
// that match its regular expression anywhere in their name (as in Capsule), or that its label
// selector selects.
func Classes(list *capsule.ClassList, unset Unset) (view.Criterion, []Problem) {
	if list == nil {
		return allIf(unset), nil
	}
	var found problems
	var names []string
	for _, name := range append([]string{list.Default}, list.Allowed...) {
		if name != "" {
			names = append(names, name)
		}
	}
	criteria := []view.Criterion{view.Names(names...)}
	if list.AllowedRegex != "" {
		if re, reason, err := compile(list.AllowedRegex); err != nil {
			found.add(reason, "allowedRegex: %v", err)
		} else {
			criteria = append(criteria, view.Where("name matching "+list.AllowedRegex, func(o *view.Attributes) bool {
				return re.MatchString(o.Name)
			}))
		}
	}
	if c, ok := selected(&list.LabelSelector, &found); ok {
		criteria = append(criteria, c)
	}
	return view.Or(criteria...), found.list
}

// Nodes returns the criterion of the nodes of a Tenant.
func Nodes(selector map[string]string, unset Unset) (view.Criterion, []Problem) {
	if len(selector) == 0 {
		return allIf(unset), nil
	}
	s, err := labels.ValidatedSelectorFromSet(selector)
	if err != nil {
		return view.None(), []Problem{{ReasonSelector, fmt.Sprintf("nodeSelector: %v", err)}}
	}
	return labelled(s), nil
}

func allIf(unset Unset) view.Criterion {
	if unset == UnsetAll {
		return view.All()
	}
	return view.None()
}

// selected returns the criterion of a label selector. It returns none if the selector is absent,
// invalid or without requirements: an omission must not show anything.
func selected(selector *metav1.LabelSelector, found *problems) (view.Criterion, bool) {
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		found.add(ReasonSelector, "selector: %v", err)
		return view.Criterion{}, false
	}
	if s.Empty() || selector == nil {
		return view.Criterion{}, false
	}
	return labelled(s), true
}

// labelled returns the criterion of a selector, which is all of its requirements.
func labelled(s labels.Selector) view.Criterion {
	requirements, selectable := s.Requirements()
	if !selectable {
		return view.None()
	}
	criteria := make([]view.Criterion, len(requirements))
	for i := range requirements {
		criteria[i] = required(&requirements[i])
	}
	return view.And(criteria...)
}

// required returns the criterion of a requirement. A LabelSelector has no other operators.
func required(r *labels.Requirement) view.Criterion {
	switch key := r.Key(); r.Operator() {
	case selection.Equals, selection.DoubleEquals, selection.In:
		return view.LabelIn(key, r.ValuesUnsorted()...)
	case selection.NotIn, selection.NotEquals: // also selects objects without the label
		return view.LabelIn(key, r.ValuesUnsorted()...).Not()
	case selection.Exists:
		return view.HasLabel(key)
	case selection.DoesNotExist:
		return view.HasLabel(key).Not()
	default:
		return view.None()
	}
}
