// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	o, err := parse([]string{"-size=medium", "-run=lists"})
	if err != nil {
		t.Fatal(err)
	}
	want := &options{size: "medium", roleBindings: 2, moreRoleBindings: 9, seed: 1, parts: []string{"lists"}, scale: 1, watches: 5_000, rate: 200, flags: []string{"-run=lists"}}
	if diff := cmp.Diff(want, o, cmp.AllowUnexported(options{})); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	for _, args := range []string{"-size=tiny", "-run=lists,all", "-scale=0", "-rate=-1", "small"} {
		value := args[strings.LastIndexByte(args, '=')+1:]
		if _, err := parse([]string{args}); err == nil || !strings.Contains(err.Error(), value) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

// Only a complete run may replace the committed result.
func TestComplete(t *testing.T) {
	for run, want := range map[string]bool{
		"": false, "lists": false, "lists,start": false, "start,lists,events": true, "start,lists,events,profiles": true,
		"start,lists,profiles": false,
	} {
		o, err := parse([]string{"-run=" + run})
		if err != nil {
			t.Fatal(err)
		}
		if o.complete() != want {
			t.Errorf("-run=%s counts as complete: %v", run, !want)
		}
	}
	for _, arg := range []string{"-scale=0.5", "-role-bindings=9", "-seed=2", "-watches=10", "-rate=25", "-more-role-bindings=1"} {
		if o, err := parse([]string{arg}); err != nil || o.complete() {
			t.Errorf("%s counts as complete, %v", arg, err)
		}
	}
}
