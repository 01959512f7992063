// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxDescribed is how many names or values a description lists.
const maxDescribed = 20

// String describes the criterion in words, for people. Different criteria may have the same
// description.
func (c Criterion) String() string { return c.expr.String() }

func (everything) String() string { return "all" }

func (t term) String() string {
	switch t.field {
	case nameField:
		return "name " + quotedIfOdd(t.value)
	case partitionField:
		return "belonging to " + quotedIfOdd(t.value)
	case labelField:
		return "label " + t.key + "=" + t.value
	case labelKeyField:
		return "label " + t.key
	default:
		return "unknown"
	}
}

func (e nameIn) String() string { return "name in (" + listed(e) + ")" }

func (e labelIn) String() string { return "label " + e.key + " in (" + listed(e.values) + ")" }

func (e not) String() string {
	switch e.expression.(type) {
	case allOf, anyOf:
		return "not (" + e.expression.String() + ")"
	default:
		return "not " + e.expression.String()
	}
}

func (e where) String() string { return e.text }

func (e allOf) String() string {
	// In the order of keys, which does not depend on selectivity.
	parts := slices.Clone(e)
	slices.SortFunc(parts, func(c, d Criterion) int { return strings.Compare(c.key, d.key) })
	texts := make([]string, len(parts))
	for i := range parts {
		texts[i] = parts[i].String()
		if _, ok := parts[i].expr.(anyOf); ok {
			texts[i] = "(" + texts[i] + ")"
		}
	}
	return strings.Join(texts, " and ")
}

func (e anyOf) String() string {
	if len(e) == 0 {
		return "none"
	}
	texts := make([]string, len(e))
	for i := range e {
		texts[i] = e[i].String()
	}
	return strings.Join(texts, " or ")
}

func listed(set map[string]struct{}) string {
	all := slices.Sorted(maps.Keys(set))
	rest := ""
	if len(all) > maxDescribed {
		rest = ", and " + strconv.Itoa(len(all)-maxDescribed) + " more"
		all = all[:maxDescribed]
	}
	for i := range all {
		all[i] = quotedIfOdd(all[i])
	}
	return strings.Join(all, ", ") + rest
}

// quotedIfOdd quotes a text that would be misread in a list.
func quotedIfOdd(s string) string {
	if s == "" || strings.ContainsAny(s, " ,()\"") {
		return strconv.Quote(s)
	}
	return s
}
