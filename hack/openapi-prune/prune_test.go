// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const source = `// A header.

package openapi

import (
	ours "example.com/apis/v1"
	core "example.com/upstream/core/v1"
	storage "example.com/upstream/storage/v1"
	common "k8s.io/kube-openapi/pkg/common"
)

func GetOpenAPIDefinitions(ref common.ReferenceCallback) map[string]common.OpenAPIDefinition {
	return map[string]common.OpenAPIDefinition{
		ours.Kind{}.OpenAPIModelName():     schema_ours_Kind(ref),
		core.Loop{}.OpenAPIModelName():     schema_core_Loop(ref),
		core.Quantity{}.OpenAPIModelName(): core.Quantity{}.OpenAPIDefinition(),
		core.Spec{}.OpenAPIModelName():     schema_core_Spec(ref),
		core.Unused{}.OpenAPIModelName():   schema_core_Unused(ref),
		storage.Unused{}.OpenAPIModelName(): schema_storage_Unused(ref),
	}
}

func schema_ours_Kind(ref common.ReferenceCallback) common.OpenAPIDefinition {
	return common.OpenAPIDefinition{Ref: ref(core.Spec{}.OpenAPIModelName())}
}

func schema_core_Loop(ref common.ReferenceCallback) common.OpenAPIDefinition {
	return common.OpenAPIDefinition{Ref: ref(core.Spec{}.OpenAPIModelName())}
}

func schema_core_Spec(ref common.ReferenceCallback) common.OpenAPIDefinition {
	return common.OpenAPIDefinition{Ref: ref(core.Loop{}.OpenAPIModelName()), Size: ref(core.Quantity{}.OpenAPIModelName())}
}

// schema_core_Unused has a comment.
func schema_core_Unused(ref common.ReferenceCallback) common.OpenAPIDefinition {
	return common.OpenAPIDefinition{Ref: ref(storage.Unused{}.OpenAPIModelName())}
}

func schema_storage_Unused(ref common.ReferenceCallback) common.OpenAPIDefinition {
	return common.OpenAPIDefinition{}
}
`

func TestPrune(t *testing.T) {
	const want = `// A header.

package openapi

import (
	ours "example.com/apis/v1"
	core "example.com/upstream/core/v1"
	common "k8s.io/kube-openapi/pkg/common"
)

func GetOpenAPIDefinitions(ref common.ReferenceCallback) map[string]common.OpenAPIDefinition {
	return map[string]common.OpenAPIDefinition{
		ours.Kind{}.OpenAPIModelName():     schema_ours_Kind(ref),
		core.Loop{}.OpenAPIModelName():     schema_core_Loop(ref),
		core.Quantity{}.OpenAPIModelName(): core.Quantity{}.OpenAPIDefinition(),
		core.Spec{}.OpenAPIModelName():     schema_core_Spec(ref),
	}
}

func schema_ours_Kind(ref common.ReferenceCallback) common.OpenAPIDefinition {
	return common.OpenAPIDefinition{Ref: ref(core.Spec{}.OpenAPIModelName())}
}

func schema_core_Loop(ref common.ReferenceCallback) common.OpenAPIDefinition {
	return common.OpenAPIDefinition{Ref: ref(core.Spec{}.OpenAPIModelName())}
}

func schema_core_Spec(ref common.ReferenceCallback) common.OpenAPIDefinition {
	return common.OpenAPIDefinition{Ref: ref(core.Loop{}.OpenAPIModelName()), Size: ref(core.Quantity{}.OpenAPIModelName())}
}
`
	got, err := prune([]byte(source), []string{"example.com/apis"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("pruned file (-want +got):\n%s", diff)
	}

	// A second pass must find nothing left to drop.
	again, err := prune(got, []string{"example.com/apis"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(again)); diff != "" {
		t.Errorf("pruned twice (-once +twice):\n%s", diff)
	}
}

func TestPruneErrors(t *testing.T) {
	tests := map[string]struct {
		src, want string
	}{
		"not Go":      {src: "package", want: "expected"},
		"no map":      {src: "package openapi", want: "no GetOpenAPIDefinitions"},
		"no such def": {src: strings.Replace(source, "core.Loop{}.OpenAPIModelName():", "core.Other{}.OpenAPIModelName():", 1), want: "nothing defines core.Loop{}"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := prune([]byte(tt.src), []string{"example.com/apis"})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
		})
	}
}
