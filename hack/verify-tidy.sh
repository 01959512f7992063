#!/usr/bin/env bash
# Copyright The tenantview Authors.
# SPDX-License-Identifier: Apache-2.0

# Fails if go mod tidy would change a module of the repository. It changes none itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for dir in $(git ls-files go.mod '*/go.mod' | xargs -n 1 dirname); do
	(cd "$dir" && go mod tidy -diff)
done
