// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

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
	// ReasonRegex: a regular expression that does not compile.
	ReasonRegex = "Regex"
	// ReasonSelector: a label selector that is not valid.
	ReasonSelector = "Selector"
	// ReasonOperation: an operation that is not known.
	ReasonOperation = "Operation"
	// ReasonKind: proxySettings for a kind that is not known.
	ReasonKind = "Kind"
	// ReasonTenant: a namespace whose label and owner reference name different tenants, or
	// whose owner references name none that exists, or several.
	ReasonTenant = "Tenant"
)

// problems collects what a function finds.
type problems []Problem

func (p *problems) add(reason, detail string) {
	*p = append(*p, Problem{Reason: reason, Detail: detail})
}
