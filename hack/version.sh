#!/usr/bin/env bash
# Copyright The tenantview Authors.
# SPDX-License-Identifier: Apache-2.0

# Prints which version of tenantview this tree is, as NAME=VALUE lines, or the linker flags that put it into a
# binary: hack/version.sh [ldflags]. Of the environment, VERSION, COMMIT, TREE_STATE and SOURCE_DATE_EPOCH
# (seconds, the date of what is built) come first. Everything else comes from git, so that two builds of one
# commit are the same.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=${VERSION:-} commit=${COMMIT:-} state=${TREE_STATE:-} epoch=${SOURCE_DATE_EPOCH:-}

# "git archive" replaces this in source tarballs: see .gitattributes.
archived='$Format:%H %ct %(describe:tags=true,match=v[0-9]*,abbrev=12)$'

if [[ $archived != \$* ]]; then
	read -r archived_commit archived_epoch archived_version <<<"$archived"
	: "${version:=${archived_version:-v0.0.0-g${archived_commit:0:12}}}"
	: "${commit:=$archived_commit}" "${epoch:=$archived_epoch}" "${state:=archive}"
# Not any .git above: it may be another project's.
elif [[ -e .git && -z ${version:+${commit:+${epoch:+set}}} ]]; then
	if ! head=$(git rev-parse HEAD); then
		echo "hack/version.sh: git cannot read this tree; set VERSION, COMMIT and SOURCE_DATE_EPOCH instead" >&2
		exit 1
	fi
	: "${commit:=$head}" "${epoch:=$(git log -1 --format=%ct)}"
	# New files that nobody has added are built, too.
	[[ -n $state ]] || { [[ -z $(git status --porcelain) ]] && state=clean || state=dirty; }
	if [[ -z $version ]]; then
		version=$(git describe --tags --match='v[0-9]*' --abbrev=12 2>/dev/null) || version=v0.0.0-g${head:0:12}
		[[ $state != dirty ]] || version+=-dirty
	fi
fi
: "${version:=v0.0.0-unknown}" "${epoch:=0}"

if ! [[ $version =~ ^v(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$ ]]; then
	echo "hack/version.sh: VERSION is '$version', expected vX.Y.Z or vX.Y.Z-SUFFIX" >&2
	exit 1
fi
if ! [[ $epoch =~ ^[0-9]+$ ]]; then
	echo "hack/version.sh: SOURCE_DATE_EPOCH is '$epoch', expected seconds since 1970" >&2
	exit 1
fi
if ! [[ $commit =~ ^[0-9a-f]*$ ]]; then
	echo "hack/version.sh: COMMIT is '$commit', expected a hash" >&2
	exit 1
fi
if ! [[ $state =~ ^(|clean|dirty|archive)$ ]]; then
	echo "hack/version.sh: TREE_STATE is '$state', expected clean, dirty or archive" >&2
	exit 1
fi
TZ=UTC printf -v date '%(%Y-%m-%dT%H:%M:%SZ)T' "$epoch"

case ${1:-} in
'')
	printf '%s\n' "VERSION=$version" "COMMIT=$commit" "TREE_STATE=$state" "SOURCE_DATE_EPOCH=$epoch" "DATE=$date"
	;;
ldflags)
	# Never -X k8s.io/component-base/version: see pkg/version.
	pkg=capsule.dev/tenantview/pkg/version
	echo "-s -w -X $pkg.gitVersion=$version -X $pkg.gitCommit=$commit -X $pkg.gitTreeState=$state -X $pkg.buildDate=$date"
	;;
*)
	echo "usage: hack/version.sh [ldflags]" >&2
	exit 2
	;;
esac
