// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/hack/bench/result"
)

// invented holds made-up results of two sizes, and the report of them. After a change of the report:
// go run ./report -dir=report/testdata/invented
const invented = "testdata/invented"

// read returns the made-up results, changed.
func read(t *testing.T, change func(r *result.Result)) []result.Result {
	t.Helper()
	results, err := readResults(invented)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		for i := range results {
			change(&results[i])
		}
	}
	return results
}

func mustRender(t *testing.T, results []result.Result) map[string][]byte {
	t.Helper()
	files, err := render(results)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestReport(t *testing.T) {
	files := mustRender(t, read(t, nil))
	want := map[string]string{}
	for _, pattern := range []string{"*.svg", "README.md"} {
		paths, err := filepath.Glob(filepath.Join(invented, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want[filepath.Base(path)] = string(content)
		}
	}
	got := map[string]string{}
	for name, content := range files {
		got[name] = string(content)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// copyInvented returns a folder with the made-up results and their report.
func copyInvented(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(invented)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestCheck(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(dir string) error
		want  string
	}{
		"a changed README": {
			func(dir string) error { return os.WriteFile(filepath.Join(dir, "README.md"), []byte("x"), 0o600) },
			"README.md is not what the results give",
		},
		"a missing plot": {
			func(dir string) error { return os.Remove(filepath.Join(dir, "growth.svg")) },
			"growth.svg is missing",
		},
		"a plot of a size that is gone": {
			func(dir string) error { return os.WriteFile(filepath.Join(dir, "large-events.svg"), nil, 0o600) },
			"large-events.svg belongs to no result",
		},
		"a result that is gone": {
			func(dir string) error { return os.Remove(filepath.Join(dir, "small.json")) },
			"small-events.svg belongs to no result",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copyInvented(t)
			if err := run(dir, true); err != nil {
				t.Fatalf("before: %v", err)
			}
			if err := test.spoil(dir); err != nil {
				t.Fatal(err)
			}
			// Twice: the check itself must mend nothing.
			for range 2 {
				if err := run(dir, true); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, test.want)) {
					t.Errorf("got %v, want %q", err, test.want)
				}
			}
			if err := run(dir, false); err != nil {
				t.Fatal(err)
			}
			if err := run(dir, true); err != nil {
				t.Errorf("after it was written again: %v", err)
			}
		})
	}
}

func TestNoResults(t *testing.T) {
	for _, check := range []bool{true, false} {
		if err := run(t.TempDir(), check); err == nil || !strings.Contains(err.Error(), "holds no results") {
			t.Errorf("check %v: got %v", check, err)
		}
	}
}
