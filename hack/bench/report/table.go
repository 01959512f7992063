// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import "strings"

// table is a table in Markdown. The first columns hold text, the others numbers, which are aligned right.
type table struct {
	lines []string
}

// newTable returns a table with a header, of which the first columns hold text.
func newTable(text int, header ...string) *table {
	t := &table{}
	t.row(header...)
	rule := make([]string, len(header))
	for i := range rule {
		rule[i] = "---"
		if i >= text {
			rule[i] = "---:"
		}
	}
	t.row(rule...)
	return t
}

// row adds a row. A pipe in a cell does not end it.
func (t *table) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	t.lines = append(t.lines, "| "+strings.Join(cells, " | ")+" |")
}

func (t *table) String() string {
	return strings.Join(t.lines, "\n") + "\n\n"
}

// pivot returns a row for each key, in the order of first appearance, with a cell for each group. A cell
// that a group has no value for is none.
func pivot[G, V any](groups []G, values func(G) []V, key, cell func(V) string) [][]string {
	var rows [][]string
	index := map[string]int{}
	for i, group := range groups {
		for _, value := range values(group) {
			k := key(value)
			if _, ok := index[k]; !ok {
				row := make([]string, len(groups)+1)
				for j := range row {
					row[j] = none
				}
				row[0] = k
				index[k] = len(rows)
				rows = append(rows, row)
			}
			rows[index[k]][i+1] = cell(value)
		}
	}
	return rows
}
