// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package build

import "fmt"

// Step is what a build does at present.
type Step int

// The steps of a build, in their order.
const (
	// Checking is finding out what there is to do.
	Checking Step = iota
	Downloading
	Compiling
	// Linking begins when nothing is left to compile.
	Linking
)

// Status says how far a build is.
type Status struct {
	// Name is what is built.
	Name string
	Step Step
	// Compiled is how many of Total packages have been compiled, or are being compiled. Total does not
	// include the Cached ones, which were compiled before.
	Compiled, Total, Cached int
	// Downloads is how many modules have been downloaded.
	Downloads int
	// Current is the package or module that was begun last.
	Current string
}

// Report is told of each change of a build's status, by one goroutine at a time.
type Report func(Status)

// String describes the status in one line.
func (s Status) String() string { return s.withCurrent(s.Current) }

// Fit is String, with the beginning of Current cut off if it would have more than width characters: the end
// of an import path says more. It is longer than width only if all the rest is.
func (s Status) Fit(width int) string {
	text := s.String()
	over := len(text) - width
	if over <= 0 || s.Current == "" {
		return text
	}
	keep := max(len(s.Current)-over-len("..."), 0)
	return s.withCurrent("..." + s.Current[len(s.Current)-keep:])
}

func (s Status) withCurrent(current string) string {
	switch s.Step {
	case Downloading:
		return fmt.Sprintf("%s: downloading module %d: %s", s.Name, s.Downloads, current)
	case Compiling, Linking:
		if s.Total == 0 {
			return fmt.Sprintf("%s: all %s packages cached, linking", s.Name, thousands(s.Cached))
		}
		text := fmt.Sprintf("%s: compiled %s of %s packages", s.Name, thousands(s.Compiled), thousands(s.Total))
		if s.Cached > 0 {
			text += fmt.Sprintf(" (%s cached)", thousands(s.Cached))
		}
		switch {
		case s.Step == Linking:
			text += ", linking"
		case current != "":
			text += ": " + current
		}
		return text
	}
	return s.Name + ": checking what there is to build"
}

// thousands writes a number that is not negative with commas.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
