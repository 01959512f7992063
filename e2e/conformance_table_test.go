// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/testcluster"
)

const asTable = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

// kubectl prints the same cells for a kind as for the upstream kind, plus TENANT.
func TestTablesAreThoseOfKubernetes(t *testing.T) {
	arrange(t, solarAndWind)
	for _, k := range kinds {
		t.Run(k.Resource(), func(t *testing.T) {
			upstream, served := table(t, shared.Admin, k.UpstreamPath()), table(t, shared.Admin, k.Path())
			dropTenant(served)
			if diff := cmp.Diff(upstream.ColumnDefinitions, served.ColumnDefinitions, cmp.FilterPath(isDescription, cmp.Ignore())); diff != "" {
				t.Errorf("columns (-upstream +served):\n%s", diff)
			}
			for _, c := range served.ColumnDefinitions {
				if c.Description == "" {
					t.Errorf("column %s has no description", c.Name)
				}
			}
			if diff := cmp.Diff(cells(upstream), cells(served)); diff != "" {
				t.Errorf("cells (-upstream +served):\n%s", diff)
			}
		})
	}
}

func isDescription(p cmp.Path) bool { return p.Last().String() == ".Description" }

func table(t *testing.T, config *rest.Config, path string) *metav1.Table {
	t.Helper()
	table := &metav1.Table{}
	if err := utiljson.Unmarshal(testcluster.Get(t, config, path, "Accept", asTable).Expect(t, 200).Body, table); err != nil {
		t.Fatal(err)
	}
	if table.Kind != "Table" {
		t.Fatalf("got a %s", table.Kind)
	}
	return table
}

// dropTenant removes the column that only tenantview has.
func dropTenant(table *metav1.Table) {
	i := slices.IndexFunc(table.ColumnDefinitions, func(c metav1.TableColumnDefinition) bool { return c.Name == "Tenant" })
	if i < 0 {
		return
	}
	table.ColumnDefinitions = slices.Delete(table.ColumnDefinitions, i, i+1)
	for r := range table.Rows {
		table.Rows[r].Cells = slices.Delete(table.Rows[r].Cells, i, i+1)
	}
}

// cells returns the rows without ages, which may differ by the time between two requests.
func cells(table *metav1.Table) [][]any {
	var all [][]any
	for _, row := range table.Rows {
		for i, column := range table.ColumnDefinitions {
			if column.Name == "Age" && row.Cells[i] != "<unknown>" {
				row.Cells[i] = "some time"
			}
		}
		all = append(all, row.Cells)
	}
	return all
}

// kubectl prints the same lines for both kinds, with and without -o wide.
func TestKubectlGet(t *testing.T) {
	arrange(t, solarAndWind)
	for _, wide := range []string{"", "-o=wide"} {
		for _, k := range kinds {
			t.Run(k.Resource()+wide, func(t *testing.T) {
				args := slices.DeleteFunc([]string{"get", k.Upstream.Resource, wide}, func(arg string) bool { return arg == "" })
				upstream := shared.kubectl(t, shared.Admin, args...)
				args[1] = k.Resource()
				served := shared.kubectl(t, shared.Admin, args...)
				if diff := cmp.Diff(printed(upstream), printed(served)); diff != "" {
					t.Errorf("(-upstream +served):\n%s", diff)
				}
			})
		}
	}
}

// printed splits the output of kubectl into cells, by the position of the headers, without AGE and TENANT.
func printed(out string) [][]string {
	lines := strings.Split(strings.TrimRight(out, "\n"), "\n")
	type column struct{ from, to int }
	var columns []column
	header := lines[0] + "   "
	for from := 0; from < len(lines[0]); {
		// Columns are three spaces apart, and the words of one header one space.
		to := from + strings.Index(header[from:], "   ")
		name := header[from:to]
		next := to
		for next < len(header) && header[next] == ' ' {
			next++
		}
		if name != "AGE" && name != "TENANT" {
			columns = append(columns, column{from, next})
		}
		from = next
	}
	var rows [][]string
	for _, line := range lines {
		var row []string
		for _, c := range columns {
			row = append(row, strings.TrimSpace(line[min(c.from, len(line)):min(c.to, len(line))]))
		}
		rows = append(rows, row)
	}
	return rows
}

// The TENANT column shows the tenant of an object to every user who sees the object.
func TestTenantColumn(t *testing.T) {
	arrange(t, solarAndWind)
	alice := shared.As(t, "alice")
	for resource, want := range map[string]string{
		"tenantnamespaces":        "solar-a solar\nsolar-b solar\n",
		"tenantpersistentvolumes": "solar-data solar\nsolar-old solar\n",
	} {
		out := shared.kubectl(t, alice, "get", resource)
		got := ""
		for line := range strings.Lines(out) {
			if f := strings.Fields(line); f[0] != "NAME" {
				if !slices.Contains(f, "solar") {
					t.Errorf("no tenant in: %s", line)
				}
				got += f[0] + " solar\n"
			}
		}
		if got != want {
			t.Errorf("%s: got\n%swant\n%s", resource, got, want)
		}
	}
}

// Tables of one object or of none are tables, too. A client that cannot read tables gets JSON.
func TestTablesOfOneAndNone(t *testing.T) {
	arrange(t, solarAndWind)
	if got := table(t, shared.As(t, "alice"), testcluster.Root+"/tenantnodes/solar-1"); len(got.Rows) != 1 || len(got.ColumnDefinitions) == 0 {
		t.Errorf("a table of one object has %d rows", len(got.Rows))
	}
	if got := table(t, shared.As(t, "carol"), testcluster.Root+"/tenantnodes"); len(got.Rows) != 0 || len(got.ColumnDefinitions) == 0 || got.ResourceVersion == "" {
		t.Errorf("an empty table: %+v", got)
	}
	if out, _, err := shared.tryKubectl(t, shared.As(t, "carol"), "get", "tenantnodes"); err != nil || out != "" {
		t.Errorf("kubectl prints %q of an empty list, %v", out, err)
	}
}

// kubectl's other outputs and its sorting work for the kinds, and the category lists all that a user sees.
func TestKubectlOutputs(t *testing.T) {
	arrange(t, solarAndWind)
	alice := shared.As(t, "alice")
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"names":        {[]string{"get", "tns", "-o", "name"}, "tenantnamespace.tenantview.capsule.dev/solar-a\ntenantnamespace.tenantview.capsule.dev/solar-b\n"},
		"jsonpath":     {[]string{"get", "tno", "-o", "jsonpath={range .items[*]}{.metadata.name}={.spec.podCIDR};{end}"}, "solar-1=10.0.1.0/24;solar-2=;"},
		"sorted up":    {[]string{"get", "tpc", "--sort-by=.value", "-o", "custom-columns=:.metadata.name", "--no-headers"}, "batch\nurgent\n"},
		"sorted down":  {[]string{"get", "tpv", "--sort-by=.spec.capacity.storage", "-o", "name"}, "tenantpersistentvolume.tenantview.capsule.dev/solar-data\ntenantpersistentvolume.tenantview.capsule.dev/solar-old\n"},
		"template":     {[]string{"get", "trc", "kata", "-o", "go-template={{.handler}}"}, "kata-qemu"},
		"one":          {[]string{"get", "tenantstorageclass/gold", "-o", "jsonpath={.provisioner}"}, "example.com/disk"},
		"label":        {[]string{"get", "tns", "-l", "env=prod", "-o", "name"}, "tenantnamespace.tenantview.capsule.dev/solar-a\n"},
		"label column": {[]string{"get", "tns", "-L", "env", "--no-headers", "-o", "custom-columns=:.metadata.labels.env"}, "prod\ntest\n"},
		"field":        {[]string{"get", "tns", "--field-selector", "metadata.name!=solar-a", "-o", "name"}, "tenantnamespace.tenantview.capsule.dev/solar-b\n"},
	} {
		if got := shared.kubectl(t, alice, tc.args...); got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
	yaml := shared.kubectl(t, alice, "get", "tenantnamespace", "solar-b", "-o", "yaml")
	for _, line := range []string{"kind: TenantNamespace", "apiVersion: tenantview.capsule.dev/v1alpha1", "    example.com/note: keep me", "  phase: Active", "tenant: solar"} {
		if !strings.Contains(yaml, line+"\n") {
			t.Errorf("no %q in:\n%s", line, yaml)
		}
	}
	var want []string
	for _, k := range kinds {
		for _, name := range ofSolar[k.Upstream.Resource] {
			want = append(want, strings.ToLower(k.Kind())+".tenantview.capsule.dev/"+name)
		}
	}
	got := strings.Fields(shared.kubectl(t, alice, "get", "tenantview", "-o", "name"))
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kubectl get tenantview (-want +got):\n%s", diff)
	}
}
