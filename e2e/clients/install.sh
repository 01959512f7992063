#!/usr/bin/env bash
# Copyright The tenantview Authors.
# SPDX-License-Identifier: Apache-2.0
#
# Installs what the programs of this folder need, from the registries that the machine is set up for.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# debian COMMAND PACKAGE...: installs packages unless the command succeeds.
debian() {
	local check=$1
	shift
	if eval "$check" >/dev/null 2>&1; then
		return
	fi
	if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
		echo "$0: please install $* (only root on Debian could do it here)" >&2
		exit 1
	fi
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

debian '/usr/bin/python3 -c "import kubernetes"' python3-kubernetes
debian 'command -v node && command -v npm' nodejs npm
# The versions are those of package-lock.json; nothing is done if they are there already.
if [[ ! javascript/node_modules/.package-lock.json -nt javascript/package-lock.json ]]; then
	(cd javascript && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
fi
