// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What helm prints, with the traces of a release, and what stays of it.
const printed = `---
# Source: tenantview/templates/a.yaml
# About a.
kind: A
metadata:
  labels:
    app.kubernetes.io/managed-by: Helm
    helm.sh/chart: tenantview-0.1.0
    app.kubernetes.io/name: x

---
# Source: tenantview/templates/b.yaml
kind: APIService
spec:
  ENCODED
---
# Source: tenantview/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
`

func TestSplit(t *testing.T) {
	got := split(strings.ReplaceAll(printed, "ENCODED", encoded))
	want := []string{
		"# About a.\nkind: A\nmetadata:\n  labels:\n    app.kubernetes.io/name: x\n",
		"kind: APIService\nspec:\n  caBundle: \"\"\n",
		"apiVersion: apps/v1\nkind: Deployment\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
}

func TestWrite(t *testing.T) {
	base, documents := []string{"kind: A\n"}, []string{"kind: A\n", "kind: B\n", "apiVersion: apps/v1\nkind: Deployment\n"}
	for name, c := range map[string]struct {
		addition bool
		want     string
	}{
		"complete": {false, namespace + "---\nkind: A\n---\nkind: B\n---\napiVersion: apps/v1\nkind: Deployment\n"},
		"addition": {true, "kind: B\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := string(variant{about: "one\ntwo", addition: c.addition}.write(documents, base))
			want := "# Rendered from charts/tenantview by \"make generate\". Do not edit.\n#\n# one\n# two\n" + c.want
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("file (-want +got):\n%s", diff)
			}
		})
	}
}
