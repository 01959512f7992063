// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package result_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/hack/bench/result"
)

func TestFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "folder", "small.json")
	if _, err := result.Read(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading a missing file: %v", err)
	}
	want := &result.Result{
		Size: "small", Seed: 7, Start: []result.Start{{Name: "default", ReadySeconds: 1.5}},
		Ratios: []result.Ratio{{Name: "a", Value: 2, Target: 1}},
	}
	if err := result.WriteFile(file, want); err != nil {
		t.Fatal(err)
	}
	got, err := result.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := result.Read(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("the error does not name the file: %v", err)
	}
}

// A target that is missed must be seen.
func TestPrintRatios(t *testing.T) {
	var out strings.Builder
	if err := result.Print(&out, &result.Result{Ratios: []result.Ratio{
		{Name: "within", Value: 1, Target: 2, Holds: true},
		{Name: "missed", Value: 3, Target: 2},
		{Name: "slow", Value: 30, Target: 40, AtLeast: true},
		{Name: "information", Value: 5, Holds: true},
		{Name: "ended", Value: 1},
	}}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	want := []string{
		"RATIO VALUE TARGET",
		"within 1.00 at most 2",
		"missed 3.00 at most 2 NOT HELD",
		"slow 30.00 at least 40 NOT HELD",
		"information 5.00",
		"ended 1.00 at most 0 NOT HELD",
	}
	if diff := cmp.Diff(want, got[len(got)-len(want):]); diff != "" {
		t.Errorf("ratios (-want +got):\n%s", diff)
	}
}
