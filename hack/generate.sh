#!/usr/bin/env bash
# Copyright The tenantview Authors.
# SPDX-License-Identifier: Apache-2.0

# Regenerates everything that is generated: the deep copies and OpenAPI model
# names beside the types, and all of pkg/generated. The generators are pinned in
# hack/tools/go.mod and run from there; nothing is installed. What the
# generators wrote before is removed first, so that nothing stale survives.

set -o errexit -o nounset -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root="${PWD}"

module=capsule.dev/tenantview
apis=pkg/apis
out=pkg/generated
header=hack/boilerplate.go.txt
api="${module}/${apis}/tenantview/v1alpha1"

tmp="$(mktemp -d)"
trap 'rm -rf "${tmp}"' EXIT

tool() {
    local dir=.
    if [[ $1 == -C ]]; then
        dir=$2
        shift 2
    fi
    echo "$1" >&2
    (cd "${dir}" && go tool -modfile="${root}/hack/tools/go.mod" "$@")
}

# Each upstream struct that a kind embeds, with the package in client-go that
# has its apply configuration.
externals() {
    local entry pkg name
    for entry in \
        core/v1.{NamespaceSpec,NamespaceStatus,NodeSpec,NodeStatus} \
        core/v1.{PersistentVolumeSpec,PersistentVolumeStatus,TopologySelectorTerm} \
        networking/v1.IngressClassSpec \
        node/v1.{Overhead,Scheduling}; do
        pkg="${entry%.*}" name="${entry##*.}"
        echo "k8s.io/api/${pkg}.${name}:k8s.io/client-go/applyconfigurations/${pkg}"
    done | paste -sd, -
}

# The packages below pkg/apis that ask for deep copies.
mapfile -t deepcopy_packages < <(
    grep -rl --include=doc.go -e '^// +k8s:deepcopy-gen=package' "${apis}" |
        xargs -n1 dirname | LC_ALL=C sort | sed "s|^|${module}/|"
)

find "${apis}" -name 'zz_generated.*.go' -delete
rm -rf "${out}"

tool deepcopy-gen --go-header-file "${header}" \
    --output-file zz_generated.deepcopy.go "${deepcopy_packages[@]}"

# The packages of the types that this API can reach are read whole;
# openapi-prune then drops what it does not reach.
upstream=(
    k8s.io/api/core/v1
    k8s.io/api/networking/v1
    k8s.io/api/node/v1
    k8s.io/apimachinery/pkg/api/resource
    k8s.io/apimachinery/pkg/apis/meta/v1
    k8s.io/apimachinery/pkg/runtime
    k8s.io/apimachinery/pkg/util/intstr
    k8s.io/apimachinery/pkg/version
)
tool openapi-gen --go-header-file "${header}" \
    --output-dir "${out}/openapi" --output-pkg "${module}/${out}/openapi" \
    --output-file zz_generated.openapi.go \
    --output-model-name-file zz_generated.model_name.go \
    --report-filename "${tmp}/violations" \
    "${upstream[@]/#/--readonly-pkg=}" "${upstream[@]}" "${api}"
go run ./hack/openapi-prune -keep "${api}" -keep k8s.io/apimachinery \
    "${out}/openapi/zz_generated.openapi.go"
if grep -F "${module}" "${tmp}/violations" >&2; then
    echo "these fields break the API rules" >&2
    exit 1
fi

# applyconfiguration-gen skips kinds whose client has no verb "apply", and the
# client must not offer one. So it reads a copy of the types that does.
mkdir -p "${tmp}/${apis}"
cp go.mod go.sum "${tmp}"
cp -R "${apis}/tenantview" "${tmp}/${apis}"
sed -i.orig 's/+genclient:onlyVerbs=.*/&,apply/' "${tmp}/${apis}/tenantview/v1alpha1/"*_types.go
tool -C "${tmp}" applyconfiguration-gen --go-header-file "${root}/${header}" \
    --output-dir "${root}/${out}/applyconfiguration" --output-pkg "${module}/${out}/applyconfiguration" \
    --external-applyconfigurations "$(externals)" \
    "${api}"

tool client-gen --go-header-file "${header}" \
    --output-dir "${out}/clientset" --output-pkg "${module}/${out}/clientset" \
    --clientset-name versioned \
    --apply-configuration-package "${module}/${out}/applyconfiguration" \
    --input-base "${module}/${apis}" --input tenantview/v1alpha1

tool lister-gen --go-header-file "${header}" \
    --output-dir "${out}/listers" --output-pkg "${module}/${out}/listers" \
    "${api}"

tool informer-gen --go-header-file "${header}" \
    --output-dir "${out}/informers" --output-pkg "${module}/${out}/informers" \
    --versioned-clientset-package "${module}/${out}/clientset/versioned" \
    --listers-package "${module}/${out}/listers" \
    "${api}"
