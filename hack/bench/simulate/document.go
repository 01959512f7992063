// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// begin and end mark where a table belongs in the document.
func begin(name string) string { return "<!-- begin " + name + ", written by make bench-scale -->\n" }

const end = "<!-- end -->\n"

// writeDocument writes the tables of the results into the document, or only checks that they are there.
func writeDocument(o *options) error {
	r, err := readResults(o.out)
	if err != nil {
		return err
	}
	all, err := tables(r)
	if err != nil {
		return fmt.Errorf("%s: %w", o.out, err)
	}
	old, err := os.ReadFile(o.doc)
	if err != nil {
		return err
	}
	text, err := replaceTables(string(old), all)
	if err != nil {
		return fmt.Errorf("%s: %w", o.doc, err)
	}
	if !o.check {
		return os.WriteFile(o.doc, []byte(text), 0o644)
	}
	if text != string(old) {
		return fmt.Errorf("%s does not have the tables of %s: run go run ./simulate -report in hack/bench", o.doc, o.out)
	}
	return nil
}

// replaceTables replaces what is between the markers of each table.
func replaceTables(text string, all map[string]string) (string, error) {
	var errs []error
	for _, name := range tableNames {
		before, rest, ok := strings.Cut(text, begin(name))
		if !ok {
			errs = append(errs, fmt.Errorf("it has no line %q", strings.TrimSpace(begin(name))))
			continue
		}
		_, after, ok := strings.Cut(rest, end)
		if !ok {
			errs = append(errs, fmt.Errorf("the table %s has no end", name))
			continue
		}
		text = before + begin(name) + all[name] + end + after
	}
	return text, errors.Join(errs...)
}
