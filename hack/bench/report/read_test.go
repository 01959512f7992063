// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"capsule.dev/tenantview/hack/bench/result"
)

// An invalid result gives no report, but an error with the file's name and what is wrong with it.
func TestInvalidFile(t *testing.T) {
	valid, err := os.ReadFile(filepath.Join(invented, "small.json"))
	if err != nil {
		t.Fatal(err)
	}
	replace := func(from, to string) string {
		if !strings.Contains(string(valid), from) {
			t.Fatalf("%q is not in the result", from)
		}
		return strings.Replace(string(valid), from, to, 1)
	}
	for name, test := range map[string]struct{ content, want string }{
		"empty":            {"", "not valid JSON: the file ends too early"},
		"cut off":          {string(valid[:len(valid)/2]), "not valid JSON: the file ends too early"},
		"not JSON":         {replace(`"seed": 1,`, `"seed": 1;`), "line 3: not valid JSON: invalid character ';'"},
		"two results":      {string(valid) + "{}", "something follows the result"},
		"an unknown field": {replace(`"medianMicros"`, `"medianMillis"`), `unknown field "medianMillis"`},
		"a wrong type":     {replace(`"seed": 1`, `"seed": "one"`), "Result.seed of type uint64"},
		"another size":     {replace(`"small"`, `"large"`), `size is "large", must be "small" as in the file's name`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "small.json")
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			err := run(dir, false)
			if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
				t.Errorf("a report was written: %v (%v)", entries, err)
			}
		})
	}
}

func TestInvalidValues(t *testing.T) {
	for want, change := range map[string]func(r *result.Result){
		`date: "yesterday" is not`:        func(r *result.Result) { r.Date = "yesterday" },
		"commit: is empty":                func(r *result.Result) { r.Commit = "" },
		"machine: CPU, cores":             func(r *result.Result) { r.Machine.Cores = 0 },
		"objects: no count of namespaces": func(r *result.Result) { r.Objects = r.Objects[1:] },
		"objects: nodes: is there twice":  func(r *result.Result) { r.Objects = append(r.Objects, r.Objects[1]) },
		"objects: nodes: count is -1":     func(r *result.Result) { r.Objects[1].Count = -1 },
		`start: "RoleBindings off" with 2 RoleBindings per namespace: is there`: func(r *result.Result) { r.Start = append(r.Start, r.Start[0]) },
		"roleBindings is -1":                          func(r *result.Result) { r.Start[0].RoleBindings = -1 },
		"readySeconds is 0":                           func(r *result.Result) { r.Start[0].ReadySeconds = 0 },
		"not above peakBytes 1":                       func(r *result.Result) { r.Start[0].PeakBytes = 1 },
		"1 clients: is there twice":                   func(r *result.Result) { r.Lists = append(r.Lists, r.Lists[0]) },
		"server must be tenantview or kube-api":       func(r *result.Result) { r.Lists[0].Server = "ours" },
		"format must be JSON or Table":                func(r *result.Result) { r.Lists[0].Format = "json" },
		"clients, count (0) and bytes":                func(r *result.Result) { r.Lists[0].Count = 0 },
		"items is -1":                                 func(r *result.Result) { r.Lists[0].Items = -1 },
		"medianMicros 1111 must be above 0 and":       func(r *result.Result) { r.Lists[0].P99Micros = 1110 },
		"perSecond is 0":                              func(r *result.Result) { r.Lists[0].PerSecond = 0 },
		"CPU time -1, 200 must":                       func(r *result.Result) { r.Lists[0].ServerCPUMicros = -1 },
		"value -1 and target":                         func(r *result.Result) { r.Ratios[0].Value = -1 },
		`ratios: "list of 10 / empty list": is there`: func(r *result.Result) { r.Ratios = append(r.Ratios, r.Ratios[0]) },
		"holds is true, but the value is 1.2 and the target at most 1.15":  func(r *result.Result) { r.Ratios[0].Value = 1.2 },
		"holds is true, but the value is 1.1 and the target at least 1.15": func(r *result.Result) { r.Ratios[0].AtLeast = true },
		"holds is false, but there is no":                                  func(r *result.Result) { r.Ratios[1].Holds = false },
		"holds is true, but the value is 1 and the target at most 0":       func(r *result.Result) { r.Ratios[2].Value = 1 },
		"200 writes/s: is there twice":                                     func(r *result.Result) { r.Events = append(r.Events, r.Events[0]) },
		"name must be tenantview or kube-api":                              func(r *result.Result) { r.Events[0].Name = "ours" },
		"writesPerSecond and count (0)":                                    func(r *result.Result) { r.Events[0].Count = 0 },
		"in rising order":                                                  func(r *result.Result) { r.Events[0].P90Micros = 1 },
		"terminated is -1":                                                 func(r *result.Result) { r.Events[0].Terminated = -1 },
		"residentBytes and heapBytes":                                      func(r *result.Result) { r.Memory[0].HeapBytes = 0 },
		`memory: "after the lists": is`:                                    func(r *result.Result) { r.Memory = append(r.Memory, r.Memory[0]) },
	} {
		r := read(t, nil)[0]
		change(&r)
		content, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		path := filepath.Join(dir, "small.json")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readResults(dir); err == nil || !strings.HasPrefix(err.Error(), path+": ") ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
