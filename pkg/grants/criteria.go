// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"fmt"
	"regexp"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/view"
)

// Classes returns criteria that together select the classes of a Tenant: those that the
// list names, those whose name matches its expression anywhere (as Capsule's do), and
// those that its label selector selects.
func Classes(list *capsule.ClassList, unset Unset) ([]view.Criterion, []Problem) {
	if list == nil {
		return allIf(unset), nil
	}
	var found problems
	var criteria []view.Criterion
	for _, name := range append([]string{list.Default}, list.Allowed...) {
		if name != "" {
			criteria = append(criteria, view.Name(name))
		}
	}
	if list.AllowedRegex != "" {
		if re, err := regexp.Compile(list.AllowedRegex); err != nil {
			found.add(ReasonRegex, "allowedRegex: %v", err)
		} else {
			criteria = append(criteria, view.Where("regex/"+list.AllowedRegex, func(o *view.Attributes) bool {
				return re.MatchString(o.Name)
			}))
		}
	}
	if c, ok := selected(&list.LabelSelector, &found); ok {
		criteria = append(criteria, c)
	}
	return criteria, found
}

// Nodes returns criteria that together select the nodes of a Tenant.
func Nodes(selector map[string]string, unset Unset) ([]view.Criterion, []Problem) {
	if len(selector) == 0 {
		return allIf(unset), nil
	}
	s, err := labels.ValidatedSelectorFromSet(selector)
	if err != nil {
		return nil, []Problem{{ReasonSelector, fmt.Sprintf("nodeSelector: %v", err)}}
	}
	return []view.Criterion{labelled(s)}, nil
}

func allIf(unset Unset) []view.Criterion {
	if unset == UnsetAll {
		return []view.Criterion{view.All()}
	}
	return nil
}

// selected returns the criterion of a label selector. There is none for a selector that is
// absent, is not valid or has no requirement: nothing must be shown by an omission.
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

// labelled returns the criterion of a valid selector that has requirements. Validity
// matters: it is what makes the selector's text canonical.
func labelled(s labels.Selector) view.Criterion {
	requirements, _ := s.Requirements()
	for _, r := range requirements {
		if !isEquality(r) {
			continue
		}
		anchor := view.Label(r.Key(), r.ValuesUnsorted()[0])
		if len(requirements) == 1 {
			return anchor
		}
		return anchor.And(matching(s))
	}
	return matching(s)
}

func isEquality(r labels.Requirement) bool {
	switch r.Operator() {
	case selection.Equals, selection.DoubleEquals, selection.In:
		return len(r.ValuesUnsorted()) == 1
	default:
		return false
	}
}

func matching(s labels.Selector) view.Criterion {
	return view.Where("labels/"+s.String(), func(o *view.Attributes) bool {
		return s.Matches(labels.Set(o.Labels))
	})
}
