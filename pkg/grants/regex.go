// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"fmt"
	"regexp"
	"regexp/syntax"
)

// Limits of the regular expression of a list of classes. The time to match a name is proportional to
// the product of the steps and the name's length. Repetitions multiply steps: an expression of one
// kilobyte can have half a million, and would keep the only writer busy for seconds with each name.
const (
	// MaxRegexLength limits the bytes of an expression, and so the time to parse it.
	MaxRegexLength = 4 << 10
	// MaxRegexSteps limits its steps: characters, classes and operators, each counted as often as
	// it is repeated.
	MaxRegexSteps = 4 << 10
)

// compile returns a regular expression, or the reason for which it cannot be used, and why.
func compile(source string) (compiled *regexp.Regexp, reason string, err error) {
	if len(source) > MaxRegexLength {
		return nil, ReasonTooLarge, fmt.Errorf("a regular expression has %d bytes, but may have at most %d", len(source), MaxRegexLength)
	}
	parsed, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, ReasonRegex, err
	}
	if n := steps(parsed); n > MaxRegexSteps {
		return nil, ReasonTooLarge, fmt.Errorf("with its repetitions, a regular expression has %d steps, but may have at most %d", n, MaxRegexSteps)
	}
	if compiled, err = regexp.Compile(source); err != nil {
		return nil, ReasonRegex, err
	}
	return compiled, "", nil
}

// steps returns about how many instructions regexp/syntax would compile an expression to. It does not
// compile it, which would take the memory and the time that the limit is to save. It cannot overflow:
// the product of nested repetitions is at most 1000, see syntax.Parse.
func steps(re *syntax.Regexp) int {
	n := 1
	if re.Op == syntax.OpLiteral {
		n = len(re.Rune)
	}
	for _, sub := range re.Sub {
		n += steps(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return n
}
