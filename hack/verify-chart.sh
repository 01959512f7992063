#!/usr/bin/env bash
# Copyright The tenantview Authors.
# SPDX-License-Identifier: Apache-2.0

# Checks the chart: helm lint, its README, and every manifest that its tests render against the schemas of
# kube-apiserver, cert-manager and the Prometheus operator. It needs no network beyond the modules' sources.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

chart=charts/tenantview
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The tests build helm, and leave what they render.
mkdir "$work/rendered"
TENANTVIEW_RENDERED="$work/rendered" go test -count=1 -run '^Test(Branches|Examples)$' ./charts
.run/bin/helm lint --strict --quiet "$chart"

go run ./hack/chartschemas "$work/schemas"
go tool -modfile=hack/tools/kubeconform/go.mod kubeconform -strict -summary \
	-schema-location "$work/schemas/{{.Group}}_{{.ResourceAPIVersion}}_{{.ResourceKind}}.json" "$work/rendered"

cp -r "$chart" "$work/tenantview"
hack/chart-readme.sh "$work"
if ! diff -u "$chart/README.md" "$work/tenantview/README.md"; then
	echo "$chart/README.md is not up to date: run make generate" >&2
	exit 1
fi
if grep -n '|  |$' "$chart/README.md"; then
	echo "these values have no comment in $chart/values.yaml, or one that helm-docs cannot read" >&2
	exit 1
fi
