// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/hack/bench/result"
)

var images = regexp.MustCompile(`\]\(([^)]+\.svg)\)`)

// Whatever a run measured, the README shows each plot once and no other, and the plots are well-formed.
func TestParts(t *testing.T) {
	for name, test := range map[string]struct {
		change func(r *result.Result)
		want   []string
	}{
		"lists": {
			func(r *result.Result) { r.Start, r.Events, r.Ratios, r.Memory = nil, nil, nil, nil },
			[]string{"list-latency.svg", "medium-throughput.svg", "small-throughput.svg"},
		},
		"start": {
			func(r *result.Result) { r.Lists, r.Events, r.Ratios = nil, nil, nil },
			[]string{"growth.svg"},
		},
		"events": {
			func(r *result.Result) { r.Lists, r.Start, r.Ratios, r.Memory = nil, nil, nil, nil },
			[]string{"medium-events.svg", "small-events.svg"},
		},
		"lists of one size": {
			func(r *result.Result) {
				r.Start, r.Events = nil, nil
				if r.Size == "small" {
					r.Lists = nil
				}
			},
			[]string{"list-latency.svg", "medium-throughput.svg"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := mustRender(t, read(t, test.change))
			var shown []string
			for _, image := range images.FindAllStringSubmatch(string(files["README.md"]), -1) {
				shown = append(shown, image[1])
			}
			slices.Sort(shown)
			delete(files, "README.md")
			if diff := cmp.Diff(test.want, slices.Sorted(maps.Keys(files))); diff != "" {
				t.Errorf("plots: -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.want, shown); diff != "" {
				t.Errorf("plots in README.md: -want +got:\n%s", diff)
			}
			for name, content := range files {
				if err := wellFormed(content); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

func wellFormed(content []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(content))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// A size that was not measured has neither column nor plot.
func TestMissingSize(t *testing.T) {
	files := mustRender(t, read(t, nil)[1:])
	for name, content := range files {
		if strings.HasPrefix(name, "small") {
			t.Errorf("%s belongs to no result", name)
		}
		if bytes.Contains(content, []byte("small")) || bytes.Contains(content, []byte("5,000 namespaces")) &&
			!bytes.Contains(content, []byte("50,000 namespaces")) {
			t.Errorf("%s speaks of a size that was not measured", name)
		}
	}
}

// A case that a plot needs is missing: the error says which, and which there are.
func TestMissingCase(t *testing.T) {
	results := read(t, func(r *result.Result) {
		for i := range r.Lists {
			if r.Lists[i].Name == selectorCase {
				r.Lists[i].Name = "renamed"
			}
		}
	})
	_, err := render(results)
	want := `small.json: lists: no "list of 10 by label selector, admin" of kube-apiserver in JSON with 1 clients; there are: "renamed"`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// A server keeps its colour, in whatever order the servers were measured.
func TestEventColours(t *testing.T) {
	const blue = `fill:#0B5FA5" />`
	bars := func(change func(r *result.Result)) int {
		return bytes.Count(mustRender(t, read(t, change))["small-events.svg"], []byte(blue))
	}
	// Of three bars and the legend.
	if got := bars(func(r *result.Result) { r.Events = r.Events[1:] }); got != 4 {
		t.Errorf("tenantview alone has %d shapes in blue, want 4", got)
	}
	if got := bars(func(r *result.Result) { r.Events = r.Events[:1] }); got != 0 {
		t.Errorf("kube-apiserver alone has %d shapes in blue, want none", got)
	}
	results := read(t, func(r *result.Result) { r.Events = append(r.Events, r.Events[0], r.Events[0]) })
	want := "small.json: events: more measurements of kube-apiserver than the plot can tell apart"
	if _, err := render(results); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Starts with other numbers of RoleBindings are other lines.
func TestStartLabel(t *testing.T) {
	results := read(t, func(r *result.Result) {
		if r.Size == "medium" {
			s := r.Start[1]
			s.RoleBindings = 9
			r.Start = append(r.Start, s)
		}
	})
	svg := mustRender(t, results)["growth.svg"]
	for _, label := range []string{
		"RoleBindings off, 2 RoleBindings per namespace", "default, 2 RoleBindings per namespace", "default, 9 RoleBindings per namespace",
	} {
		if bytes.Count(svg, []byte(">"+label+"<")) != 1 {
			t.Errorf("no line is labelled %q", label)
		}
	}
}

// More series than styles would look alike.
func TestTooManySeries(t *testing.T) {
	results := read(t, func(r *result.Result) {
		for i := range len(styles) {
			s := r.Start[0]
			s.Name += strings.Repeat("+", i+1)
			r.Start = append(r.Start, s)
		}
	})
	if _, err := render(results); err == nil || !strings.Contains(err.Error(), "growth.svg") {
		t.Errorf("got %v", err)
	}
}

func TestTargetOf(t *testing.T) {
	results := having(read(t, nil), hasRatios)
	for want, bySize := range map[string][]string{
		none:                                    {none, none},
		"at most 2":                             {"at most 2", "at most 2"},
		"at most 2 (medium)":                    {none, "at most 2"},
		"at most 2 (small)":                     {"at most 2", none},
		"at most 2 (small), at most 3 (medium)": {"at most 2", "at most 3"},
	} {
		if got := targetOf(results, bySize); got != want {
			t.Errorf("%q: got %q, want %q", bySize, got, want)
		}
	}
}
