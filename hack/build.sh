#!/usr/bin/env bash
# Copyright The tenantview Authors.
# SPDX-License-Identifier: Apache-2.0

# Builds the server as it is released: hack/build.sh OUTPUT. GOOS and GOARCH say for which platform. The
# result depends on the tree, the version that hack/version.sh prints, and the version of Go, and on nothing
# else: not on the folder, the machine, or what else the environment sets for the go command.
set -euo pipefail
output=$(realpath -m -- "${1:?usage: hack/build.sh OUTPUT}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ldflags=$(hack/version.sh ldflags)
export GOTOOLCHAIN=${GOTOOLCHAIN:-$(<hack/release-toolchain)} CGO_ENABLED=0 GOWORK=off GOFLAGS='' GOEXPERIMENT='' GOAMD64=v1 GOARM64=v8.0
exec "${GO:-go}" build -trimpath -buildvcs=false -ldflags "$ldflags" -o "$output" ./cmd/tenantview-apiserver
