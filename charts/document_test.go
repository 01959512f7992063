// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/component-base/metrics"
	"sigs.k8s.io/yaml"

	"capsule.dev/tenantview/cmd/tenantview-apiserver/app/options"
)

// document has the flags and values that docs/configure.md names: all inline code.
type document struct {
	text  string
	codes []string
}

func readDocument(t *testing.T) document {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "docs", "configure.md"))
	if err != nil {
		t.Fatal(err)
	}
	d := document{text: string(data)}
	for _, code := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(d.text, -1) {
		d.codes = append(d.codes, code[1])
	}
	return d
}

// names returns whether the document names something, alone or with a value as in "a: b" or "a=b".
func (d document) names(what string) bool {
	return slices.ContainsFunc(d.codes, func(code string) bool { return subject(code) == what })
}

// subject is what a code is about, without its value.
func subject(code string) string {
	name, _, _ := strings.Cut(code, ":")
	name, _, _ = strings.Cut(name, "=")
	return name
}

func allFlags() *pflag.FlagSet {
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	sections := options.New().Flags()
	for _, section := range sections.FlagSets {
		all.AddFlagSet(section)
	}
	return all
}

// genericFlags are the flags that any API server has.
func genericFlags() *pflag.FlagSet {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	genericoptions.NewSecureServingOptions().AddFlags(flags)
	genericoptions.NewDelegatingAuthenticationOptions().AddFlags(flags)
	genericoptions.NewDelegatingAuthorizationOptions().AddFlags(flags)
	genericoptions.NewAuditOptions().AddFlags(flags)
	metrics.NewOptions().AddFlags(flags)
	logsapi.AddFlags(logsapi.NewLoggingConfiguration(), flags)
	return flags
}

// Each flag of the server's own is in the document, and no other is that does not exist.
func TestDocumentNamesEveryFlag(t *testing.T) {
	d, all, generic := readDocument(t), allFlags(), genericFlags()
	own := 0
	all.VisitAll(func(f *pflag.Flag) {
		if generic.Lookup(f.Name) != nil {
			return
		}
		own++
		if !d.names("--" + f.Name) {
			t.Errorf("docs/configure.md does not name --%s", f.Name)
		}
	})
	if own < 18 {
		t.Errorf("only %d flags are the server's own", own)
	}
	for _, code := range d.codes {
		name, ok := strings.CutPrefix(subject(code), "--")
		if !ok {
			continue
		}
		group, isGroup := strings.CutSuffix(name, "*")
		exists := all.Lookup(name) != nil
		all.VisitAll(func(f *pflag.Flag) { exists = exists || isGroup && strings.HasPrefix(f.Name, group) })
		if !exists {
			t.Errorf("docs/configure.md names %s, which does not exist", code)
		}
	}
}

// leaves returns the paths of all values, as the README of the chart lists them.
func leaves(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(chart, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-zA-Z.]+) \| (?:string|bool|int|list|object) \|`).FindAllStringSubmatch(string(data), -1) {
		paths = append(paths, row[1])
	}
	return paths
}

// Each value of the chart is in the document, and no other is that does not exist.
func TestDocumentNamesEveryValue(t *testing.T) {
	d, paths := readDocument(t), leaves(t)
	if len(paths) < 90 {
		t.Errorf("only %d values", len(paths))
	}
	for _, path := range paths {
		if !d.names(path) {
			t.Errorf("docs/configure.md does not name the value %s", path)
		}
	}
	data, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := yaml.Unmarshal(data, &values); err != nil {
		t.Fatal(err)
	}
	for _, code := range d.codes {
		root, _, _ := strings.Cut(subject(code), ".")
		if _, ok := values[root]; ok && !slices.Contains(paths, subject(code)) {
			t.Errorf("docs/configure.md names the value %s, which does not exist", code)
		}
	}
	// A name with a misspelt beginning looks like none of the values. In these tables it must be one.
	for _, row := range d.rows("Value") {
		for _, code := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[0], -1) {
			if !slices.Contains(paths, code[1]) && !strings.HasPrefix(code[1], "--") {
				t.Errorf("docs/configure.md has the value %s in a table, which does not exist", code[1])
			}
		}
	}
}

// rows returns the cells of the rows of all tables whose header begins like this.
func (d document) rows(header ...string) (rows [][]string) {
	inside := false
	for line := range strings.Lines(d.text) {
		line = strings.TrimSpace(line)
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case !strings.HasPrefix(line, "|"):
			inside = false
		case len(cells) >= len(header) && slices.Equal(cells[:len(header)], header):
			inside = true
		case inside && !strings.HasPrefix(line, "|-"):
			rows = append(rows, cells)
		}
	}
	return rows
}

// The table of the policy has the defaults and values that the flags have.
func TestDocumentKnowsThePolicy(t *testing.T) {
	oneOf := regexp.MustCompile(`One of ([^.]*)\.`)
	want, got := map[string][]string{}, map[string][]string{}
	sections := options.New().Flags()
	sections.FlagSet("visibility").VisitAll(func(f *pflag.Flag) {
		choices := oneOf.FindStringSubmatch(f.Usage)
		switch {
		case choices != nil:
			others := slices.DeleteFunc(strings.Split(choices[1], ", "), func(c string) bool { return c == f.DefValue })
			want[f.Name] = append([]string{f.DefValue}, others...)
		case f.Value.Type() == "bool":
			want[f.Name] = []string{f.DefValue, map[string]string{"false": "true", "true": "false"}[f.DefValue]}
		}
	})
	for _, row := range readDocument(t).rows("Value", "Flag", "Default", "Other values") {
		value, flag := strings.Trim(row[0], "`"), strings.Trim(row[1], "`-")
		if !strings.EqualFold(strings.TrimPrefix(value, "policy."), strings.ReplaceAll(flag, "-", "")) {
			t.Errorf("%s is not the value of --%s", value, flag)
		}
		if _, ok := want[flag]; ok {
			got[flag] = strings.Split(strings.ReplaceAll(row[2]+", "+row[3], "`", ""), ", ")
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the policy in docs/configure.md (-flags +document):\n%s", diff)
	}
	if len(want) < 12 {
		t.Errorf("only %d settings", len(want))
	}
}

// The other documents name no value that does not exist, in their text and in commands.
func TestDocumentsNameNoOtherValues(t *testing.T) {
	const ofCapsuleProxy = "crds.keep"
	paths := leaves(t)
	known := func(value string) bool {
		return value == ofCapsuleProxy || slices.ContainsFunc(paths, func(path string) bool {
			return path == value || strings.HasPrefix(path, value+".") || strings.HasPrefix(value, path+".")
		})
	}
	roots := map[string]bool{}
	for _, path := range paths {
		root, _, _ := strings.Cut(path, ".")
		roots[root] = true
	}
	found := 0
	for _, file := range []string{"README.md", "docs/install.md", "docs/operate.md", "docs/migrate.md", "docs/integrate.md", "docs/security.md"} {
		data, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		for _, named := range regexp.MustCompile("`([a-zA-Z]+\\.[a-zA-Z.]+)[^`\n]*`|--set '?([a-zA-Z.]+)=").FindAllStringSubmatch(string(data), -1) {
			root, _, _ := strings.Cut(named[1], ".")
			value := named[1] + named[2]
			if named[2] == "" && !roots[root] {
				continue // a file, a field or a group
			}
			found++
			if !known(value) {
				t.Errorf("%s names the value %s, which does not exist", file, value)
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d values were found", found)
	}
}
