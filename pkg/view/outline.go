// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"
	"strings"
)

// hiddenValue stands for a value in an outline.
const hiddenValue = "…"

// Outline describes the criterion as String does, but without values: of labels it has keys and
// operators, and of names and partitions nothing else. It is for people who may not know the values,
// which can be those of objects that they do not see.
func (c Criterion) Outline() string { return outline(c.expr) }

func outline(e expression) string {
	switch e := e.(type) {
	case everything:
		return e.String()
	case exactly:
		return outlineOfTerm(e.term)
	case nameIn:
		return "name in (" + hiddenValue + ")"
	case labelIn:
		return "label " + e.key + " in (" + hiddenValue + ")"
	case not:
		text := outline(e.expression)
		switch e.expression.(type) {
		case allOf, anyOf:
			text = "(" + text + ")"
		}
		return "not " + text
	case allOf:
		return outlines(e, " and ")
	case anyOf:
		if len(e) == 0 {
			return e.String()
		}
		return outlines(e, " or ")
	default:
		return hiddenValue
	}
}

func outlineOfTerm(t term) string {
	switch t.field {
	case labelKeyField:
		return t.String()
	case labelField:
		return "label " + t.key + "=" + hiddenValue
	case nameField:
		return "name " + hiddenValue
	case partitionField:
		return "belonging to " + hiddenValue
	default:
		return hiddenValue
	}
}

// outlines joins the outlines of parts, in an order that does not depend on values.
func outlines(parts []Criterion, operator string) string {
	texts := make([]string, len(parts))
	for i := range parts {
		texts[i] = outline(parts[i].expr)
		if _, ok := parts[i].expr.(anyOf); ok && operator == " and " {
			texts[i] = "(" + texts[i] + ")"
		}
	}
	slices.Sort(texts)
	return strings.Join(texts, operator)
}
