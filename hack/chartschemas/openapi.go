// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"maps"
	"strings"
)

const references = "#/definitions/"

// fromOpenAPI returns the schemas of the kinds of an OpenAPI v2 document. Each holds all definitions that it refers
// to.
func fromOpenAPI(document []byte) (map[gvk]schema, error) {
	var doc struct{ Definitions map[string]schema }
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, err
	}
	for name, definition := range doc.Definitions {
		doc.Definitions[name] = strict(definition)
	}
	schemas := map[gvk]schema{}
	for _, definition := range doc.Definitions {
		for _, kind := range kindsOf(definition) {
			needed := map[string]any{}
			collect(definition, doc.Definitions, needed)
			root := maps.Clone(definition)
			root["definitions"] = needed
			root["required"] = []string{"apiVersion", "kind"}
			schemas[kind] = root
		}
	}
	return schemas, nil
}

// kindsOf returns the kinds that a definition is for.
func kindsOf(definition schema) []gvk {
	listed, _ := definition["x-kubernetes-group-version-kind"].([]any)
	var kinds []gvk
	for _, entry := range listed {
		names, _ := entry.(map[string]any)
		group, _ := names["group"].(string)
		version, _ := names["version"].(string)
		kind, _ := names["kind"].(string)
		kinds = append(kinds, gvk{group, version, kind})
	}
	return kinds
}

// collect adds the definitions that value refers to, directly or through others, to needed.
func collect(value any, definitions map[string]schema, needed map[string]any) {
	switch v := value.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			name := strings.TrimPrefix(ref, references)
			if _, known := needed[name]; !known {
				needed[name] = definitions[name]
				collect(definitions[name], definitions, needed)
			}
		}
		for _, inner := range v {
			collect(inner, definitions, needed)
		}
	case []any:
		for _, inner := range v {
			collect(inner, definitions, needed)
		}
	}
}

// strict returns a copy of a schema that allows no fields except those that it names, as kube-apiserver does with
// strict validation, and numbers where Kubernetes does.
func strict(s schema) schema {
	result := schema{}
	for key, value := range s {
		switch key {
		case "properties":
			named := schema{}
			for name, inner := range value.(map[string]any) {
				named[name] = strict(inner.(map[string]any))
			}
			result[key] = named
		case "items", "additionalProperties":
			if inner, ok := value.(map[string]any); ok {
				value = strict(inner)
			}
			result[key] = value
		case "format", "default":
			// Formats of Kubernetes are unknown elsewhere, and defaults do not matter.
		default:
			result[key] = value
		}
	}
	switch {
	case s["format"] == "int-or-string" || s["x-kubernetes-int-or-string"] == true:
		return schema{"type": []string{"integer", "string"}}
	case isQuantity(s):
		return schema{"type": []string{"number", "string"}}
	}
	_, closed := result["properties"]
	_, described := result["additionalProperties"]
	if closed && !described && s["x-kubernetes-preserve-unknown-fields"] != true {
		result["additionalProperties"] = false
	}
	return result
}

// isQuantity reports whether the definition is that of resource.Quantity, which JSON may also hold as a number.
func isQuantity(s schema) bool {
	description, _ := s["description"].(string)
	return s["type"] == "string" && strings.HasPrefix(description, "Quantity is a fixed-point representation")
}
