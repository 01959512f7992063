// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is a part of an object that grants nothing because it makes no sense.
type Problem struct {
	// Reason is one of the constants below, for metrics.
	Reason string
	// Detail says which part, and what is wrong, for logs.
	Detail string
}

// Reasons of problems.
const (
	// ReasonDecode: the object has a field of another type than the one expected.
	ReasonDecode = "Decode"
	// ReasonSubject: a subject without a name, or of a kind that is not known.
	ReasonSubject = "Subject"
	// ReasonEverybody: a ProxySetting names a group that holds everybody, which the policy
	// ignores.
	ReasonEverybody = "Everybody"
	// ReasonRegex: a regular expression that does not compile.
	ReasonRegex = "Regex"
	// ReasonSelector: a label selector that is not valid.
	ReasonSelector = "Selector"
	// ReasonOperation: an operation that is not known.
	ReasonOperation = "Operation"
	// ReasonKind: proxySettings for a kind that is not known.
	ReasonKind = "Kind"
	// ReasonTooLarge: a ProxySetting that says more than one may say; what is too much grants
	// nothing.
	ReasonTooLarge = "TooLarge"
	// ReasonMissing: an object without which nobody is granted anything.
	ReasonMissing = "Missing"
	// ReasonTenant: a namespace whose label does not name the Tenant that it belongs to, or
	// whose owner references name a Tenant that does not exist, or several.
	ReasonTenant = "Tenant"
)

// What is kept of an object's problems: the first of them, the first of each reason, and the
// beginning of each.
const (
	maxProblems = 16
	maxDetail   = 512
)

// problems collects what a function finds.
type problems []Problem

func (p *problems) add(reason, format string, args ...any) {
	if len(*p) >= maxProblems && slices.ContainsFunc(*p, func(q Problem) bool { return q.Reason == reason }) {
		return
	}
	detail := fmt.Sprintf(format, args...)
	if len(detail) > maxDetail {
		detail = strings.ToValidUTF8(detail[:maxDetail], "") + "..."
	}
	*p = append(*p, Problem{Reason: reason, Detail: detail})
}
