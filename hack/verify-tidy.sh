#!/usr/bin/env bash
# Copyright The tenantview Authors.
# SPDX-License-Identifier: Apache-2.0

# Fails if go mod tidy would change a module. It changes none itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for dir in . hack/controlplane hack/tools hack/tools/golangci-lint hack/tools/govulncheck e2e/clients/controllerruntime; do
	(cd "$dir" && go mod tidy -diff)
done
