// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Alerts tests the alerts and the dashboard of the chart on samples that a server has exposed. It fails if
// a query uses a metric or label that is in no recording, or if an alert fires in a case in which it must
// not, or does not fire where it must. It leaves the evaluation to promtool, which it is given the path of.
//
// Usage: alerts -promtool=PATH -files=charts/tenantview/files -cases=cases.yaml -recordings=testdata
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	promtool := flag.String("promtool", "", "path of promtool; without it, only the queries are checked")
	files := flag.String("files", "../../charts/tenantview/files", "folder of alerts.yaml and dashboard.json")
	cases := flag.String("cases", "cases.yaml", "file of the cases")
	recorded := flag.String("recordings", "testdata", "folder of the recordings")
	flag.Parse()
	if err := run(*promtool, *files, *cases, *recorded); err != nil {
		fmt.Fprintf(os.Stderr, "alerts: %v\n", err)
		os.Exit(1)
	}
}

func run(promtool, files, casesFile, recorded string) error {
	recordings, err := readRecordings(recorded)
	if err != nil {
		return err
	}
	rules, err := filepath.Abs(filepath.Join(files, "alerts.yaml"))
	if err != nil {
		return err
	}
	alerts, err := readAlerts(rules)
	if err != nil {
		return err
	}
	panels, err := readDashboard(filepath.Join(files, "dashboard.json"))
	if err != nil {
		return err
	}
	known := schemaOf(recordings)
	var errs []error
	for _, q := range append(queriesOf(alerts), panels...) {
		errs = append(errs, known.check(q))
	}
	cases, err := readCases(casesFile)
	if err != nil {
		return err
	}
	errs = append(errs, checkCoverage(alerts, cases))
	if err := errors.Join(errs...); err != nil {
		return err
	}
	fmt.Printf("%d alerts and %d queries of the dashboard use what a server exposes\n", len(alerts), len(panels))
	if promtool == "" {
		return nil
	}
	dir, err := os.MkdirTemp("", "alerts")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "cases.yaml")
	if err := writeUnitTests(file, rules, recordings, cases); err != nil {
		return err
	}
	for _, args := range [][]string{{"check", "rules", rules}, {"test", "rules", file}} {
		cmd := exec.Command(promtool, args...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("promtool %s %s: %w", args[0], args[1], err)
		}
	}
	return nil
}
