// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is an invalid part of an object. It grants nothing.
type Problem struct {
	// Reason is one of the constants below, for metrics.
	Reason string
	// Detail names the part and the error, for logs.
	Detail string
}

// Reasons of problems.
const (
	// ReasonDecode: a field of the object has an unexpected type.
	ReasonDecode = "Decode"
	// ReasonSubject: a subject without a name, or of an unknown kind.
	ReasonSubject = "Subject"
	// ReasonEverybody: a ProxySetting names a group of everybody, which the policy ignores.
	ReasonEverybody = "Everybody"
	// ReasonRegex: a regular expression that does not compile.
	ReasonRegex = "Regex"
	// ReasonSelector: an invalid label selector.
	ReasonSelector = "Selector"
	// ReasonOperation: an unknown operation.
	ReasonOperation = "Operation"
	// ReasonKind: proxySettings for an unknown kind.
	ReasonKind = "Kind"
	// ReasonTooLarge: a ProxySetting or a regular expression exceeds the limits. The excess parts
	// grant nothing.
	ReasonTooLarge = "TooLarge"
	// ReasonMissing: a required object does not exist, so nothing is granted.
	ReasonMissing = "Missing"
	// ReasonTenant: the label of a namespace does not name the Tenant that it belongs to, or its
	// owner references name several Tenants or one that does not exist.
	ReasonTenant = "Tenant"
)

// Limits of the problems that are kept for an object: the first ones, the first of each reason, and
// the beginning of each detail.
const (
	maxProblems = 16
	maxDetail   = 512
)

// problems collects the problems that a function finds.
type problems struct {
	list []Problem
	// trace also gets the problems, unless it is nil.
	trace *Trace
}

func (p *problems) add(reason, format string, args ...any) {
	p.trace.problem(reason, format, args...)
	if len(p.list) >= maxProblems && slices.ContainsFunc(p.list, func(q Problem) bool { return q.Reason == reason }) {
		return
	}
	detail := fmt.Sprintf(format, args...)
	if len(detail) > maxDetail {
		detail = strings.ToValidUTF8(detail[:maxDetail], "") + "..."
	}
	p.list = append(p.list, Problem{Reason: reason, Detail: detail})
}
