// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sample fills a cluster with two tenants, solar and wind, and with objects that they may and may
// not use. "make demo" shows it. The objects are in the YAML files beside this file, except the Nodes,
// which are all alike.
package sample

import (
	"context"
	"embed"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/e2e/controlplane"
)

//go:embed *.yaml
var files embed.FS

// tenantLabel is the label that Capsule sets on the namespaces and volumes of a tenant.
const tenantLabel = "capsule.clastix.io/tenant"

// User is a user of the sample cluster, with groups.
type User struct {
	Name   string
	Groups []string
}

// Users are the users of the sample cluster. It deliberately does not mention mallory.
var Users = []User{
	{Name: "alice"},
	{Name: "bob"},
	{Name: "carol"},
	{Name: "dave", Groups: []string{"platform"}},
	{Name: "erin"},
	{Name: "mallory"},
}

// Apply creates the sample cluster or restores its original state. It leaves added objects alone.
func Apply(ctx context.Context, applier *controlplane.Applier) error {
	uids := map[string]types.UID{}
	for _, file := range []string{"tenants.yaml", "namespaces.yaml", "classes.yaml", "volumes.yaml", "settings.yaml"} {
		objects, err := read(file)
		if err != nil {
			return err
		}
		for _, object := range objects {
			if object.GetKind() == "Namespace" {
				own(object, uids)
			}
			stored, err := applier.Apply(ctx, object)
			if err != nil {
				return fmt.Errorf("sample cluster: %w", err)
			}
			if object.GetKind() == "Tenant" {
				uids[stored.GetName()] = stored.GetUID()
			}
		}
	}
	for _, node := range nodes() {
		if _, err := applier.Apply(ctx, node); err != nil {
			return fmt.Errorf("sample cluster: %w", err)
		}
	}
	return nil
}

// own gives a namespace the owner reference that Capsule gives to namespaces of tenants.
func own(namespace *unstructured.Unstructured, uids map[string]types.UID) {
	tenant := namespace.GetLabels()[tenantLabel]
	if tenant == "" {
		return
	}
	namespace.SetOwnerReferences([]metav1.OwnerReference{{
		APIVersion: "capsule.clastix.io/v1beta2",
		Kind:       "Tenant",
		Name:       tenant,
		UID:        uids[tenant],
	}})
}

func read(file string) ([]*unstructured.Unstructured, error) {
	data, err := files.ReadFile(file)
	if err != nil {
		return nil, err
	}
	objects, err := controlplane.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return objects, nil
}
