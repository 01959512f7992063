// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const document = `{"definitions": {
	"v1.Pod": {
		"type": "object",
		"properties": {"kind": {"type": "string"}, "spec": {"$ref": "#/definitions/v1.PodSpec"}},
		"x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Pod"}]
	},
	"v1.PodSpec": {
		"type": "object",
		"properties": {
			"port": {"type": "string", "format": "int-or-string"},
			"labels": {"type": "object", "additionalProperties": {"type": "string"}},
			"limit": {"$ref": "#/definitions/Quantity"}
		}
	},
	"Quantity": {"type": "string", "description": "Quantity is a fixed-point representation of a number."},
	"v1.Other": {"type": "object"}
}}`

// A field that nobody knows must not pass: it is a typing error in a template.
func TestSchemasAreStrict(t *testing.T) {
	schemas, err := fromOpenAPI([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	pod := gvk{"", "v1", "Pod"}
	if diff := cmp.Diff([]gvk{pod}, slices.Collect(maps.Keys(schemas))); diff != "" {
		t.Fatalf("kinds (-want +got):\n%s", diff)
	}
	want := `{
		"type": "object",
		"additionalProperties": false,
		"required": ["apiVersion", "kind"],
		"properties": {"kind": {"type": "string"}, "spec": {"$ref": "#/definitions/v1.PodSpec"}},
		"x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Pod"}],
		"definitions": {
			"Quantity": {"type": ["number", "string"]},
			"v1.PodSpec": {
				"type": "object",
				"additionalProperties": false,
				"properties": {
					"port": {"type": ["integer", "string"]},
					"labels": {"type": "object", "additionalProperties": {"type": "string"}},
					"limit": {"$ref": "#/definitions/Quantity"}
				}
			}
		}
	}`
	compare(t, want, schemas[pod])
	if got := pod.file(); got != "v1_v1_pod.json" {
		t.Errorf("the file of a core kind is %s", got)
	}
}

func TestCRD(t *testing.T) {
	schemas := map[gvk]schema{}
	err := addCRD(schemas, []byte(`
spec:
  group: example.com
  names: {kind: Thing}
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          metadata: {type: object}
          spec:
            type: object
            properties:
              open: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {a: {type: string}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	compare(t, `{
		"type": "object",
		"additionalProperties": false,
		"required": ["apiVersion", "kind", "spec"],
		"properties": {
			"metadata": {"type": "object"},
			"spec": {
				"type": "object",
				"additionalProperties": false,
				"properties": {
					"open": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"a": {"type": "string"}}}
				}
			}
		}
	}`, schemas[gvk{"example.com", "v1", "Thing"}])
	if err := addCRD(schemas, []byte("spec: {names: {kind: Thing}}")); err == nil {
		t.Error("no error for a definition without versions")
	}
}

func compare(t *testing.T, want string, got schema) {
	t.Helper()
	data, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var wanted, found any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &found); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, found); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
}
