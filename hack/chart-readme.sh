#!/usr/bin/env bash
# Copyright The tenantview Authors.
# SPDX-License-Identifier: Apache-2.0

# Writes the README of the chart from its template and the comments in values.yaml: chart-readme.sh [DIR]. DIR is the
# folder that has the chart.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
go tool -modfile=hack/tools/helm-docs/go.mod helm-docs --log-level=warning --chart-search-root="${1:-charts}" --sort-values-order=file
