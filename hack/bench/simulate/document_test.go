// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/hack/bench/simulate/fit"
)

// invented returns results of a cluster whose costs are known.
func invented(t *testing.T) *results {
	t.Helper()
	r, err := readResults(filepath.Join("testdata", "invented.json"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The model finds the costs that testdata/invented.json was made with, and the runs that only check it do not count.
func TestModel(t *testing.T) {
	r := invented(t)
	m, err := newModel(r)
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{10e6, 1_000, 5_000, 500, 300, 400, 2_000, 700, 900}
	for i := range want {
		if got := m[0][i]; got < 0.999*want[i] || got > 1.001*want[i] {
			t.Errorf("%s costs %v bytes of heap, want %v", terms[i].name, got, want[i])
		}
	}
	check := &r.Runs[len(r.Runs)-1]
	if check.Fitted {
		t.Fatal("the last run should be a check")
	}
	if got, predicted := m.predict(0, check.Shape), fit.Predict(want, values(check.Shape)); got < 0.999*predicted || got > 1.001*predicted {
		t.Errorf("predicted %v, want %v", got, predicted)
	}
}

// The document with the tables of invented results. UPDATE=1 writes it.
func TestDocument(t *testing.T) {
	golden := filepath.Join("testdata", "invented.md")
	var template strings.Builder
	for _, name := range tableNames {
		template.WriteString("## " + name + "\n" + begin(name) + "what was there before\n" + end)
	}
	doc := filepath.Join(t.TempDir(), "scale.md")
	write(t, doc, template.String())
	o := &options{out: filepath.Join("testdata", "invented.json"), doc: doc}
	o.check = true
	if err := writeDocument(o); err == nil || !strings.Contains(err.Error(), doc) {
		t.Errorf("the check accepts old tables: %v", err)
	}
	o.check = false
	if err := writeDocument(o); err != nil {
		t.Fatal(err)
	}
	got := read(t, doc)
	if os.Getenv("UPDATE") != "" {
		write(t, golden, got)
	}
	if diff := cmp.Diff(read(t, golden), got); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	o.check = true
	if err := writeDocument(o); err != nil {
		t.Errorf("the check refuses its own tables: %v", err)
	}
}

// A marker that was lost in editing is named.
func TestMarkers(t *testing.T) {
	all := map[string]string{}
	_, err := replaceTables(begin("run")+end+begin("sizing")+end, all)
	if err == nil || !strings.Contains(err.Error(), "model") || strings.Contains(err.Error(), "begin sizing") {
		t.Errorf("got %v", err)
	}
}

// The committed document has the tables of the committed results.
func TestCommitted(t *testing.T) {
	docs := filepath.Join("..", "..", "..", "docs")
	o := &options{out: filepath.Join(docs, "benchmarks", "simulation.json"), doc: filepath.Join(docs, "scale.md"), check: true}
	if err := writeDocument(o); err != nil {
		t.Error(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
