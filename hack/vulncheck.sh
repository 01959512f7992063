#!/usr/bin/env bash
# Copyright The tenantview Authors.
# SPDX-License-Identifier: Apache-2.0

# Fails if the server calls code with a known vulnerability: in a module, or in the standard library
# of the Go release that releases are built with (hack/release-toolchain). The database is a module that
# hack/tools/govulncheck/go.mod pins, so the same commit always gives the same answer. To learn of new
# vulnerabilities: (cd hack/tools/govulncheck && go get golang.org/x/vulndb@master && go mod tidy).
set -o errexit -o nounset -o pipefail
cd "$(dirname "$0")/.."

modfile=hack/tools/govulncheck/go.mod
version=$(go list -modfile="$modfile" -m -f '{{.Version}}' golang.org/x/vulndb)
database=$PWD/.run/vulndb/$version
if [ ! -d "$database" ]; then
	reports=$(go mod download -modfile="$modfile" -json golang.org/x/vulndb | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
	building=$database.$$
	trap 'rm -rf "$building"' EXIT
	mkdir -p "$building"
	go tool -modfile="$modfile" indexdb -vulns "$reports/data/osv" -out "$building"
	mv "$building" "$database"
fi
tool=$PWD/.run/bin/govulncheck
go build -modfile="$modfile" -o "$tool" golang.org/x/vuln/cmd/govulncheck
GOTOOLCHAIN=$(cat hack/release-toolchain) "$tool" -db "file://$database" ./cmd/...
