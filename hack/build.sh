#!/usr/bin/env bash
# Copyright The tenantview Authors.
# SPDX-License-Identifier: Apache-2.0

# Builds the server as it is released: hack/build.sh OUTPUT. GOOS and GOARCH say for which platform. The
# result depends on the tree and the version that hack/version.sh prints, and on nothing else: not on the
# folder, the machine, or what the environment sets for the go command. The tree says which version of Go
# builds releases; RELEASE_TOOLCHAIN says another one.
set -euo pipefail
output=$(realpath -m -- "${1:?usage: hack/build.sh OUTPUT}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ldflags=$(hack/version.sh ldflags)
export GOTOOLCHAIN=${RELEASE_TOOLCHAIN:-$(<hack/release-toolchain)} CGO_ENABLED=0 GOWORK=off GOFLAGS='' GOEXPERIMENT='' GOAMD64=v1 GOARM64=v8.0
exec "${GO:-go}" build -trimpath -buildvcs=false -ldflags "$ldflags" -o "$output" ./cmd/tenantview-apiserver
