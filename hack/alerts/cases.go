// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v3"
)

// testCase says which alerts fire in a state.
type testCase struct {
	Name string `yaml:"name"`
	// Recording is the state of the servers.
	Recording string `yaml:"recording"`
	// Servers is how many there are; two by default.
	Servers *int `yaml:"servers"`
	// Begins is the interval at which the servers are scraped for the first time.
	Begins int `yaml:"begins"`
	// Set replaces the samples of recorded series. It is for what takes too long to record.
	Set []change `yaml:"set"`
	// Differs replaces the samples of the first server only.
	Differs []change `yaml:"differs"`
	// Fires are the alerts that fire at the end. No other does.
	Fires []string `yaml:"fires"`
}

// change gives values, in promtool's notation, to all recorded series that a selector selects.
type change struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
	// As changes labels of the series: for values of labels that no recording has.
	As map[string]string `yaml:"as"`
}

// healthy is the state in which no alert fires.
const healthy = "healthy"

func readCases(file string) ([]testCase, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(content)))
	decoder.KnownFields(true)
	var cases []testCase
	if err := decoder.Decode(&cases); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return cases, nil
}

// checkCoverage returns an error unless each alert fires in some case, and none does in a healthy one.
func checkCoverage(alerts []alert, cases []testCase) error {
	var errs []error
	fires := map[string]bool{}
	quiet := false
	for _, c := range cases {
		quiet = quiet || c.Recording == healthy && len(c.Set) == 0 && c.Servers == nil && len(c.Fires) == 0
		for _, name := range c.Fires {
			fires[name] = true
		}
	}
	if !quiet {
		errs = append(errs, errors.New("no case shows that no alert fires on healthy servers"))
	}
	for _, a := range alerts {
		if !fires[a.Name] {
			errs = append(errs, fmt.Errorf("%s fires in no case", a.Name))
		}
		delete(fires, a.Name)
	}
	for name := range fires {
		errs = append(errs, fmt.Errorf("%s is no alert", name))
	}
	return errors.Join(errs...)
}

// The types of promtool's files for unit tests of rules.
type (
	unitTests struct {
		RuleFiles          []string   `yaml:"rule_files"`
		EvaluationInterval string     `yaml:"evaluation_interval"`
		Tests              []unitTest `yaml:"tests"`
	}
	unitTest struct {
		Name        string        `yaml:"name"`
		Interval    string        `yaml:"interval"`
		InputSeries []inputSeries `yaml:"input_series"`
		Expressions []expression  `yaml:"promql_expr_test"`
	}
	inputSeries struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	}
	expression struct {
		Expr       string   `yaml:"expr"`
		EvalTime   string   `yaml:"eval_time"`
		ExpSamples []sample `yaml:"exp_samples"`
	}
	sample struct {
		Labels string  `yaml:"labels"`
		Value  float64 `yaml:"value"`
	}
)

// A test lasts longer than the longest "for" of an alert.
const (
	interval  = "30s"
	intervals = 180
	end       = "90m"
)

// writeUnitTests writes the cases as a file for promtool.
func writeUnitTests(file, rules string, recordings map[string][]series, cases []testCase) error {
	tests := unitTests{RuleFiles: []string{rules}, EvaluationInterval: interval}
	for _, c := range cases {
		input, err := c.input(recordings)
		if err != nil {
			return fmt.Errorf("case %q: %w", c.Name, err)
		}
		e := expression{Expr: `count by (alertname) (ALERTS{alertstate="firing"}) > bool 0`, EvalTime: end}
		for _, name := range slices.Sorted(slices.Values(c.Fires)) {
			e.ExpSamples = append(e.ExpSamples, sample{fmt.Sprintf("{alertname=%q}", name), 1})
		}
		tests.Tests = append(tests.Tests, unitTest{Name: c.Name, Interval: interval, InputSeries: input, Expressions: []expression{e}})
	}
	content, err := yaml.Marshal(tests)
	if err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o600)
}

// input returns the series that Prometheus would have after it has scraped servers in that state.
func (c testCase) input(recordings map[string][]series) ([]inputSeries, error) {
	recorded, ok := recordings[c.Recording]
	if !ok {
		return nil, fmt.Errorf("no recording %q", c.Recording)
	}
	all := slices.Clone(others)
	used := map[string]bool{}
	servers := 2
	if c.Servers != nil {
		servers = *c.Servers
	}
	for _, s := range recorded {
		for i := range servers {
			l, values := labels.NewBuilder(s.labels), fmt.Sprintf("%v%+gx%d", s.first, s.second-s.first, intervals)
			if c.Begins > 0 {
				values = fmt.Sprintf("_x%d %v%+gx%d", c.Begins, s.first, s.second-s.first, intervals-c.Begins)
			}
			changes := c.Set
			if i == 0 {
				changes = slices.Concat(c.Set, c.Differs)
			}
			for _, change := range changes {
				matches, err := change.apply(s.labels, l, &values)
				if err != nil {
					return nil, err
				}
				used[change.Series] = used[change.Series] || matches
			}
			if strings.HasPrefix(s.labels.Get(labels.MetricName), "aggregator_") {
				if i == 0 {
					all = append(all, inputSeries{l.Set("job", "apiserver").Set("instance", "192.0.2.1:6443").Labels().String(), values})
				}
				continue
			}
			l.Set("job", "tenantview-apiserver").Set("namespace", "tenantview-system").Set("instance", fmt.Sprintf("10.0.0.%d:8443", i+1))
			all = append(all, inputSeries{l.Labels().String(), values})
		}
	}
	for _, change := range slices.Concat(c.Set, c.Differs) {
		if !used[change.Series] {
			return nil, fmt.Errorf("no recorded series matches %s", change.Series)
		}
	}
	return all, nil
}

// apply changes the labels and values of a recorded series if its labels match, and returns whether they do.
func (c change) apply(recorded labels.Labels, l *labels.Builder, values *string) (bool, error) {
	matchers, err := promql.ParseMetricSelector(c.Series)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(recorded.Get(m.Name)) }) {
		return false, nil
	}
	*values = c.Values
	for name, value := range c.As {
		if !recorded.Has(name) {
			return false, fmt.Errorf("%s has no label %s", recorded, name)
		}
		l.Set(name, value)
	}
	return true, nil
}

// others are series of other programs, in a state in which alerts would fire if they selected them.
var others = []inputSeries{
	{`apiserver_delegated_authz_request_total{job="metrics-server",namespace="kube-system",instance="10.0.0.9:10250",code="500"}`, "0+1000x180"},
	{`apiserver_delegated_authz_request_duration_seconds_bucket{job="metrics-server",namespace="kube-system",instance="10.0.0.9:10250",code="201",le="+Inf"}`, "0+1000x180"},
	{`apiserver_delegated_authz_request_duration_seconds_bucket{job="metrics-server",namespace="kube-system",instance="10.0.0.9:10250",code="201",le="1"}`, "0x180"},
	{`apiserver_request_total{job="apiserver",instance="192.0.2.1:6443",group="apps",verb="LIST",resource="deployments",code="500"}`, "0+1000x180"},
	{`apiserver_request_duration_seconds_bucket{job="apiserver",instance="192.0.2.1:6443",group="apps",verb="LIST",resource="deployments",le="1"}`, "0x180"},
	{`apiserver_request_duration_seconds_bucket{job="apiserver",instance="192.0.2.1:6443",group="apps",verb="LIST",resource="deployments",le="+Inf"}`, "0+1000x180"},
	{`aggregator_unavailable_apiservice{job="apiserver",instance="192.0.2.1:6443",name="v1beta1.metrics.k8s.io"}`, "1x180"},
}
