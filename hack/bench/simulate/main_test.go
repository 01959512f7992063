// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/hack/bench/simulate/engine"
	"capsule.dev/tenantview/hack/bench/simulate/fit"
	"capsule.dev/tenantview/hack/bench/simulate/shape"
)

func TestParse(t *testing.T) {
	o, err := parse([]string{"-divide=50", "-results=a.json"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&options{divide: 50, out: "a.json"}, o, cmp.AllowUnexported(options{})); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	for _, arg := range []string{"-divide=0", "-divide=2000", "more"} {
		if _, err := parse([]string{arg}); err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(arg, "-divide=")) {
			t.Errorf("%s: %v", arg, err)
		}
	}
}

// The plan determines all costs, its checks are of other clusters than the fitted ones, and larger.
func TestPlan(t *testing.T) {
	for _, divide := range []int{1, 50} {
		var x [][]float64
		var y []float64
		fitted, largest := map[shape.Shape]bool{}, 0
		toFit, checks := plan(divide)
		for _, m := range toFit {
			if err := m.Shape.Validate(); err != nil || !m.fitted {
				t.Errorf("%+v: %v", m, err)
			}
			x, y = append(x, values(m.Shape)), append(y, 1)
			if fitted[m.Shape] {
				t.Errorf("%+v is measured twice", m.Shape)
			}
			fitted[m.Shape] = true
			largest = max(largest, m.Shape.Namespaces)
		}
		if _, err := fit.Linear(x, y); err != nil {
			t.Error(err)
		}
		beyond := 0
		for _, m := range checks {
			if err := m.Shape.Validate(); err != nil || m.fitted {
				t.Errorf("%+v: %v", m, err)
			}
			if fitted[m.Shape] {
				t.Errorf("%+v checks the model, and is fitted", m.Shape)
			}
			if m.Shape.Namespaces > largest {
				beyond++
			}
		}
		if beyond < 3 {
			t.Errorf("only %d measurements go beyond the fitted ones", beyond)
		}
	}
}

// A run that is resumed measures nothing twice. The context has ended, so any measurement would fail.
func TestResume(t *testing.T) {
	const divide = 50
	r := &results{}
	fitted, checks := plan(divide)
	for _, m := range append(fitted, checks...) {
		e := entry{Config: m.Config, Fitted: m.fitted}
		e.Measured.Memory.HeapBytes = 1 << 30
		r.Runs = append(r.Runs, e)
		if m.fitted && m.Watches > 0 {
			r.Runs = append(r.Runs, entry{Config: engine.Config{Shape: m.Shape, MemoryLimit: int64(memoryLimit(1 << 30))}})
		}
	}
	for _, c := range serverPlan(divide) {
		r.Servers = append(r.Servers, serverEntry{Shape: c.Shape})
	}
	ended, end := context.WithCancel(context.Background())
	end()
	save := func() error { return errors.New("saved") }
	if err := r.run(ended, divide, save); err != nil {
		t.Errorf("something was measured again: %v", err)
	}
	for name, forget := range map[string]func(){
		"a server": func() { r.Servers = r.Servers[1:] },
		"a check":  func() { r.Runs = r.Runs[:len(r.Runs)-1] },
	} {
		servers, runs := r.Servers, r.Runs
		forget()
		if err := r.run(ended, divide, save); err == nil {
			t.Errorf("%s that is missing was not measured", name)
		}
		r.Servers, r.Runs = servers, runs
	}
}

func TestFormat(t *testing.T) {
	for want, got := range map[string]string{
		"1,234,567": count(1_234_567), "0": round(0), "0.12": round(0.123), "1.2": round(1.23), "12": round(12.3), "1,235": round(1234.6),
		"1.5 MiB": bytesOf(1.5 * (1 << 20)), "1.7 KB": bytesOf(1_700), "350 B": bytesOf(350), "3.0 s": micros(3), "2.5 µs": micros(2.5e-6),
		"+3 %": percent(0.031), "-12 %": percent(-0.12),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
