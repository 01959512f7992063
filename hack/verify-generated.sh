#!/usr/bin/env bash
# Copyright The tenantview Authors.
# SPDX-License-Identifier: Apache-2.0

# Regenerates into a copy and fails, with the difference, if the tree holds
# anything else. The tree itself is only read.

set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

copy="$(mktemp -d)"
trap 'rm -rf "${copy}"' EXIT

# All that generate.sh reads and writes.
tar -cf - go.mod go.sum hack/boilerplate.go.txt hack/generate.sh hack/openapi-prune \
    hack/tools/go.mod hack/tools/go.sum pkg/apis pkg/generated | tar -xf - -C "${copy}"

"${copy}/hack/generate.sh"

stale=0
for dir in pkg/apis pkg/generated; do
    diff -Naur "${dir}" "${copy}/${dir}" || stale=1
done
if ((stale)); then
    echo "generated files are out of date: run hack/generate.sh" >&2
    exit 1
fi
