// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// alert is an alert of a rule file.
type alert struct {
	Name        string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func readAlerts(file string) ([]alert, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var rules struct {
		Groups []struct {
			Rules []alert `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal(content, &rules); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var all []alert
	for _, g := range rules.Groups {
		all = append(all, g.Rules...)
	}
	var errs []error
	for _, a := range all {
		if want := "docs/operate.md#" + strings.ToLower(a.Name); a.Annotations["runbook_url"] != want {
			errs = append(errs, fmt.Errorf("%s: runbook_url %q, want %q", a.Name, a.Annotations["runbook_url"], want))
		}
		if a.Annotations["summary"] == "" || a.Annotations["description"] == "" || a.Labels["severity"] == "" || a.For == "" {
			errs = append(errs, fmt.Errorf("%s: summary, description, severity or for is missing", a.Name))
		}
	}
	return all, errors.Join(errs...)
}

// query is an expression, with the labels that its texts show.
type query struct {
	where  string
	expr   string
	labels []string
}

var (
	labelInTemplate = regexp.MustCompile(`\$labels\.([a-zA-Z_]+)`)
	labelInLegend   = regexp.MustCompile(`\{\{\s*([a-zA-Z_]+)\s*\}\}`)
)

func shown(pattern *regexp.Regexp, texts ...string) []string {
	var names []string
	for _, text := range texts {
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
		}
	}
	return names
}

func queriesOf(alerts []alert) []query {
	var all []query
	for _, a := range alerts {
		all = append(all, query{"alert " + a.Name, a.Expr, shown(labelInTemplate, a.Annotations["summary"], a.Annotations["description"])})
	}
	return all
}

// readDashboard returns the queries of all panels, variables and annotations.
func readDashboard(file string) ([]query, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	type target struct{ Expr, LegendFormat string }
	var d struct {
		Panels []struct {
			Title, Description, Type string
			Targets                  []target
			FieldConfig              struct{ Defaults struct{ Unit string } }
		}
		Templating struct {
			List []struct{ Name, Type, Definition string }
		}
		Annotations struct {
			List []struct{ Name, Expr, TitleFormat string }
		}
	}
	if err := json.Unmarshal(content, &d); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var all []query
	var errs []error
	for _, p := range d.Panels {
		if p.Type != "row" && (p.Description == "" || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0) {
			errs = append(errs, fmt.Errorf("panel %q: description, unit or query is missing", p.Title))
		}
		for _, t := range p.Targets {
			all = append(all, query{fmt.Sprintf("panel %q", p.Title), t.Expr, shown(labelInLegend, t.LegendFormat)})
		}
	}
	for _, a := range d.Annotations.List {
		all = append(all, query{fmt.Sprintf("annotation %q", a.Name), a.Expr, shown(labelInLegend, a.TitleFormat)})
	}
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		expr, label, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(v.Definition, "label_values("), ")"), ", ")
		if i := strings.LastIndex(v.Definition, ", "); ok {
			expr, label = strings.TrimPrefix(v.Definition[:i], "label_values("), strings.TrimSuffix(v.Definition[i+2:], ")")
		}
		all = append(all, query{fmt.Sprintf("variable %q", v.Name), expr, []string{label}})
	}
	return all, errors.Join(errs...)
}

// schema holds, for each metric, its labels with their recorded values.
type schema map[string]map[string]map[string]bool

// targetLabels are the labels that Prometheus adds.
var targetLabels = []string{"job", "instance", "namespace"}

func schemaOf(recordings map[string][]series) schema {
	known := schema{}
	for _, all := range recordings {
		for _, s := range all {
			name := s.labels.Get(labels.MetricName)
			if known[name] == nil {
				known[name] = map[string]map[string]bool{}
				for _, l := range targetLabels {
					known[name][l] = nil
				}
			}
			s.labels.Range(func(l labels.Label) {
				if known[name][l.Name] == nil {
					known[name][l.Name] = map[string]bool{}
				}
				known[name][l.Name][l.Value] = true
			})
		}
	}
	return known
}

// check returns an error if the query uses a metric, a label or a value that nobody has exposed. Values of
// regular expressions are not checked.
func (s schema) check(q query) error {
	expr, err := promql.ParseExpr(q.expr)
	if err != nil {
		return fmt.Errorf("%s: %w", q.where, err)
	}
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: "+format, append([]any{q.where}, args...)...))
	}
	exist := map[string]bool{} // the labels that the metrics of the query have
	use := func(what string, names []string) {
		for _, l := range names {
			if !exist[l] {
				fail("%s the label %s, which its metrics do not have", what, l)
			}
		}
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		v, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		known, ok := s[v.Name]
		if !ok {
			fail("no server exposes %s", v.Name)
			return nil
		}
		for l := range known {
			exist[l] = true
		}
		for _, m := range v.LabelMatchers {
			values, ok := known[m.Name]
			switch {
			case !ok:
				fail("%s has no label %s", v.Name, m.Name)
			case m.Type == labels.MatchEqual && values != nil && !values[m.Value]:
				fail("no server exposes %s with %s", v.Name, m)
			}
		}
		return nil
	})
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.AggregateExpr:
			use("aggregates by", n.Grouping)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				use("matches on", n.VectorMatching.MatchingLabels)
			}
		}
		return nil
	})
	use("shows", q.labels)
	// What an aggregation drops cannot be shown.
	if a := outermost(expr); a != nil && len(q.labels) > 0 {
		kept := strings.Join(a.Grouping, ",") + ","
		for _, l := range q.labels {
			if !strings.Contains(","+kept, ","+l+",") {
				fail("shows the label %s, which is not in by (%s)", l, kept)
			}
		}
	}
	return errors.Join(errs...)
}

// outermost returns the aggregation whose labels the result has, if there is one.
func outermost(expr parser.Expr) *parser.AggregateExpr {
	switch e := expr.(type) {
	case *parser.AggregateExpr:
		return e
	case *parser.ParenExpr:
		return outermost(e.Expr)
	case *parser.BinaryExpr:
		if a := outermost(e.LHS); a != nil {
			return a
		}
		return outermost(e.RHS)
	case *parser.Call:
		for _, arg := range e.Args {
			if a := outermost(arg); a != nil {
				return a
			}
		}
	}
	return nil
}
