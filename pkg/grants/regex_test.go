// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants_test

import (
	"regexp/syntax"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"capsule.dev/tenantview/internal/cputime"
	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

// longName is as long as a name can be. No expression of these tests matches all of it.
var longName = strings.Repeat("a", 253)

// hostileRegexes are expressions of about one kilobyte that take the longest to match.
var hostileRegexes = map[string]string{
	"optional alternatives, repeated": strings.Repeat("(a?|b?|c){1000}", 62) + "x",
	"optional, repeated":              strings.Repeat("(?:a?){1000}", 78) + "x",
	"nested repetitions":              strings.Repeat("(((a?){10}){10}){10}", 50) + "x",
	"counted":                         strings.Repeat("a{0,1000}", 110) + "x",
	"any character":                   strings.Repeat(".{0,1000}", 110) + "x",
}

// acceptedRegexes are expressions that are just small enough.
var acceptedRegexes = map[string]string{
	"optional alternatives, repeated": "(a?|b?|c){500}x",
	"optional, repeated":              "(?:a?){1000}x",
	"nested repetitions":              "(((a?){10}){10}){8}x",
	"counted":                         strings.Repeat("a{0,500}", 4) + "x",
	"any character":                   strings.Repeat(".{0,500}", 4) + "x",
	"optional":                        strings.Repeat("a?", grants.MaxRegexLength/4) + "x",
	"stars of stars":                  strings.Repeat("(a*)*", grants.MaxRegexLength/8) + "x",
	"classes":                         strings.Repeat(`\pL?`, grants.MaxRegexLength/8) + "1",
	"letters":                         strings.Repeat("a", grants.MaxRegexLength),
}

func classes(regex string) (view.Criterion, []string) {
	criterion, problems := grants.Classes(&capsule.ClassList{AllowedRegex: regex, Allowed: []string{"gold"}}, grants.UnsetNone)
	return criterion, reasons(problems)
}

// An expression that would keep the writer busy selects nothing. The rest of the list does.
func TestLargeRegexes(t *testing.T) {
	for name, regex := range hostileRegexes {
		criterion, found := classes(regex)
		if diff := cmp.Diff([]string{grants.ReasonTooLarge}, found); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", name, diff)
		}
		if criterion.Matches(&view.Attributes{Name: "ax"}) || !criterion.Matches(&view.Attributes{Name: "gold"}) {
			t.Errorf("%s: selects other classes than the rest of the list", name)
		}
	}
	for name, regex := range acceptedRegexes {
		if criterion, found := classes(regex); found != nil || criterion.Matches(&view.Attributes{Name: "!"}) {
			t.Errorf("%s: problems %q", name, found)
		}
	}
	for length, want := range map[int][]string{grants.MaxRegexLength: nil, grants.MaxRegexLength + 1: {grants.ReasonTooLarge}} {
		if _, found := classes(strings.Repeat("a", length)); !cmp.Equal(want, found) {
			t.Errorf("%d bytes: problems %q, want %q", length, found, want)
		}
	}
}

// Steps that are counted must not be fewer than those that are compiled, up to a constant.
func TestStepsOfRegexes(t *testing.T) {
	for name, regex := range acceptedRegexes {
		parsed, err := syntax.Parse(regex, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		compiled, err := syntax.Compile(parsed.Simplify())
		if err != nil {
			t.Fatal(err)
		}
		if n := len(compiled.Inst); n > 3*grants.MaxRegexSteps {
			t.Errorf("%s: %d instructions, limit %d steps", name, n, grants.MaxRegexSteps)
		}
	}
}

// No expression may take much longer than an ordinary one. Without the limits, the worst one would
// take 200,000 times as long.
func TestRegexesTakeNoTime(t *testing.T) {
	const most = 20_000
	used := func(regex string, times int) float64 {
		criterion, _ := classes(regex)
		object := &view.Attributes{Name: longName}
		criterion.Matches(object) // allocates
		start := cputime.Used()
		for range times {
			criterion.Matches(object)
		}
		return float64(cputime.Used()-start) / float64(times)
	}
	ordinary := used("^ssd-.*-(fast|slow)$|archive", 20_000)
	for _, regexes := range []map[string]string{acceptedRegexes, hostileRegexes} {
		for name, regex := range regexes {
			if ratio := used(regex, 3) / ordinary; ratio > most {
				t.Errorf("%s: takes %.0f times as long as an ordinary expression, want at most %d", name, ratio, most)
			} else {
				t.Logf("%s: %.0f times", name, ratio)
			}
		}
	}
}
