// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package docs tests the documents of the repository: their links.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fences   = regexp.MustCompile("(?ms)^\\s*```.*?^\\s*```\\s*?$")
	headings = regexp.MustCompile(`(?m)^#+ +(.+?)\s*$`)
	links    = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)
	noAnchor = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// prose returns a document without its code blocks.
func prose(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return fences.ReplaceAllString(string(data), "")
}

// anchors returns the anchors of the headings, as GitHub makes them.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, heading := range headings.FindAllStringSubmatch(text, -1) {
		plain := noAnchor.ReplaceAllString(strings.ToLower(heading[1]), "")
		found[strings.ReplaceAll(plain, " ", "-")] = true
	}
	return found
}

// broken returns the links of a document that lead to no file or heading of the repository, and how many
// links lead somewhere.
func broken(t *testing.T, file string) (bad []string, good int) {
	t.Helper()
	for _, link := range links.FindAllStringSubmatch(prose(t, file), -1) {
		target := link[1]
		if strings.Contains(target, "://") {
			continue
		}
		path, anchor, _ := strings.Cut(target, "#")
		to := file
		if path != "" {
			to = filepath.Join(filepath.Dir(file), filepath.FromSlash(path))
		}
		_, err := os.Stat(to)
		if err != nil || anchor != "" && !anchors(prose(t, to))[anchor] {
			bad = append(bad, target)
			continue
		}
		good++
	}
	return bad, good
}

// Each relative link leads to a file, and each anchor to a heading.
func TestLinks(t *testing.T) {
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, file := range append(files, "../README.md", "../SECURITY.md", "../charts/tenantview/README.md") {
		bad, good := broken(t, file)
		if len(bad) > 0 {
			t.Errorf("links of %s that lead nowhere: %q", file, bad)
		}
		total += good
	}
	if total < 20 {
		t.Errorf("only %d links were found", total)
	}
}

// Each document can be reached from the README.
func TestReadmeLinksAllDocuments(t *testing.T) {
	readme := prose(t, "../README.md")
	files, err := filepath.Glob("*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents (%v)", err)
	}
	for _, file := range append(files, "SECURITY.md") {
		if file != "SECURITY.md" {
			file = "docs/" + file
		}
		if !strings.Contains(readme, "("+file) {
			t.Errorf("the README has no link to %s", file)
		}
	}
}

// The test can fail.
func TestBrokenLinksAreFound(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.md")
	text := "# One Heading: `code`\n[a](#one-heading-code) [b](#two) [c](none.md) [d](a.md) [e](https://example.com/#x)\n```\n# two\n[f](none)\n```\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	bad, good := broken(t, file)
	if good != 2 || len(bad) != 2 || bad[0] != "#two" || bad[1] != "none.md" {
		t.Errorf("broken %q, good %d", bad, good)
	}
}
