// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"sigs.k8s.io/yaml"
)

// addCRD adds the schema of each version of a custom resource definition.
func addCRD(schemas map[gvk]schema, definition []byte) error {
	var crd struct {
		Spec struct {
			Group    string
			Names    struct{ Kind string }
			Versions []struct {
				Name   string
				Schema struct {
					OpenAPIV3Schema schema `json:"openAPIV3Schema"`
				}
			}
		}
	}
	if err := yaml.Unmarshal(definition, &crd); err != nil {
		return err
	}
	if len(crd.Spec.Versions) == 0 {
		return fmt.Errorf("the definition of %q has no versions", crd.Spec.Names.Kind)
	}
	for _, version := range crd.Spec.Versions {
		s := strict(version.Schema.OpenAPIV3Schema)
		s["required"] = []string{"apiVersion", "kind", "spec"}
		schemas[gvk{crd.Spec.Group, version.Name, crd.Spec.Names.Kind}] = s
	}
	return nil
}
