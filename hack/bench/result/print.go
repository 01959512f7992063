// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package result

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Print writes a result as tables for people.
func Print(to io.Writer, r *Result) error {
	t := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	row := func(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }
	row("%s: %s, %d cores, %s, commit %s", r.Size, r.Machine.CPU, r.Machine.Cores, r.Date, r.Commit)
	for _, o := range r.Objects {
		row("%s\t%d", o.Resource, o.Count)
	}
	if len(r.Start) > 0 {
		row("\nSTART\tROLEBINDINGS\tREADY\tRESIDENT\tPEAK")
	}
	for _, s := range r.Start {
		row("%s\t%d\t%.2f s\t%.0f MiB\t%.0f MiB", s.Name, s.RoleBindings, s.ReadySeconds, mebibytes(s.ResidentBytes), mebibytes(s.PeakBytes))
	}
	if len(r.Lists) > 0 {
		row("\nREQUEST\tSERVER\tFORMAT\tCLIENTS\tITEMS\tBYTES\tCOUNT\tMEDIAN\tP99\tPER SECOND\tCPU SERVER\tCPU KUBE-APISERVER")
	}
	for i := range r.Lists {
		l := &r.Lists[i]
		row("%s\t%s\t%s\t%d\t%d\t%d\t%d\t%v\t%v\t%.0f\t%v\t%v", l.Name, l.Server, l.Format, l.Clients, l.Items, l.Bytes, l.Count,
			micros(l.MedianMicros), micros(l.P99Micros), l.PerSecond, micros(l.ServerCPUMicros), micros(l.APIServerCPUMicros))
	}
	if len(r.Events) > 0 {
		row("\nEVENTS\tWATCHES\tWRITES PER SECOND\tCOUNT\tP50\tP90\tP99\tTERMINATED")
	}
	for _, e := range r.Events {
		row("%s\t%d\t%.1f\t%d\t%v\t%v\t%v\t%d", e.Name, e.Watches, e.WritesPerSecond, e.Count,
			micros(e.P50Micros), micros(e.P90Micros), micros(e.P99Micros), e.Terminated)
	}
	if len(r.Memory) > 0 {
		row("\nMEMORY\tRESIDENT\tHEAP")
	}
	for _, m := range r.Memory {
		row("%s\t%.0f MiB\t%.0f MiB", m.When, mebibytes(m.ResidentBytes), mebibytes(m.HeapBytes))
	}
	if len(r.Ratios) > 0 {
		row("\nRATIO\tVALUE\tTARGET\t")
	}
	for _, ratio := range r.Ratios {
		row("%s\t%.2f\t%s\t%s", ratio.Name, ratio.Value, ratio.target(), ratio.verdict())
	}
	return t.Flush()
}

func (r Ratio) target() string {
	switch {
	case r.Target == 0 && r.Holds:
		return ""
	case r.AtLeast:
		return fmt.Sprintf("at least %g", r.Target)
	}
	return fmt.Sprintf("at most %g", r.Target)
}

func (r Ratio) verdict() string {
	if r.Holds {
		return ""
	}
	return "NOT HELD"
}

func mebibytes(n uint64) float64 { return float64(n) / (1 << 20) }

// micros returns a time with as many digits as matter.
func micros(n float64) time.Duration {
	d := time.Duration(n * float64(time.Microsecond))
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond)
	case d >= 10*time.Millisecond:
		return d.Round(100 * time.Microsecond)
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(time.Microsecond)
}
