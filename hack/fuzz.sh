#!/usr/bin/env bash
# Copyright The tenantview Authors.
# SPDX-License-Identifier: Apache-2.0

# Runs every fuzz target of the module for FUZZTIME, one after the other, and goes on after a failure.
# An input that fails is written to testdata/fuzz beside the target: fix the code and commit both.
set -o errexit -o nounset -o pipefail
cd "$(dirname "$0")/.."

time=${FUZZTIME:-60s}
workers=${FUZZWORKERS:-2}
failed=()
packages=$(go list ./...)
output=$(mktemp)
trap 'rm -f "$output"' EXIT

while read -r package; do
	# Compiling a test to list its targets takes long, so only packages that have some are asked.
	directory=$(go list -f '{{.Dir}}' "$package")
	grep -qs '^func Fuzz' "$directory"/*_test.go || continue
	if ! go test -list '^Fuzz' "$package" >"$output" 2>&1; then
		cat "$output"
		failed+=("$package")
		continue
	fi
	for target in $(grep '^Fuzz' "$output"); do
		echo "== $package $target"
		status=0
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -parallel "$workers" "$package" >"$output" 2>&1 || status=$?
		grep -E '^fuzz: elapsed' "$output" | tail -n 1 || true
		if [ "$status" != 0 ]; then
			grep -vE '^([IWE][0-9]{4} |fuzz: elapsed)' "$output" || true
			failed+=("$package $target")
		fi
	done
done <<<"$packages"

if [ ${#failed[@]} -gt 0 ]; then
	echo "failed:"
	printf '  %s\n' "${failed[@]}"
	exit 1
fi
