// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"capsule.dev/tenantview/artifacts"
)

//go:embed crds/*.yaml
var ownCRDs embed.FS

// establishTimeout bounds the wait for all CRDs together.
const establishTimeout = 30 * time.Second

var crds = schema.GroupVersionResource{
	Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions",
}

// Install installs Capsule's CRDs and what the files of artifacts/ hold, which come from the chart: the server's
// namespace, ServiceAccount, rights and so on. The server runs as a process on loopback, so it leaves out what is
// about Pods, and the Service and the APIService lead to that process. It may be called again.
func (cp *ControlPlane) Install(ctx context.Context) error {
	applier, err := NewApplier(cp.AdminConfig())
	if err != nil {
		return err
	}
	if err := cp.installCRDs(ctx, applier); err != nil {
		return err
	}
	// The second has the right that a server with the flag --capsule-users-only needs.
	for _, file := range append([]string{"tenantview.yaml", "capsule-users.yaml"}, cp.config.Artifacts...) {
		objects, err := readObjects(artifacts.Files, file)
		if err != nil {
			return err
		}
		if err := cp.lead(objects); err != nil {
			return fmt.Errorf("artifacts/%s: %w", file, err)
		}
		if err := applyAll(ctx, applier, slices.DeleteFunc(objects, aboutPods)); err != nil {
			return err
		}
	}
	return nil
}

// aboutPods returns whether an object matters only where Pods run.
func aboutPods(object *unstructured.Unstructured) bool {
	return slices.Contains([]string{"Deployment", "PodDisruptionBudget", "NetworkPolicy"}, object.GetKind())
}

// InstallCRDs installs Capsule's CRDs: the project's own, or those in Config.CRDDir.
func (cp *ControlPlane) InstallCRDs(ctx context.Context) error {
	applier, err := NewApplier(cp.AdminConfig())
	if err != nil {
		return err
	}
	return cp.installCRDs(ctx, applier)
}

func (cp *ControlPlane) installCRDs(ctx context.Context, applier *Applier) error {
	folder, err := fs.Sub(ownCRDs, "crds")
	if err != nil {
		return err
	}
	if cp.config.CRDDir != "" {
		folder = os.DirFS(cp.config.CRDDir)
	}
	files, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return err
	}
	var all []*unstructured.Unstructured
	for _, file := range files {
		objects, err := readObjects(folder, file)
		if err != nil {
			return err
		}
		for _, object := range objects {
			if object.GetKind() != "CustomResourceDefinition" {
				continue
			}
			if stripConversionWebhook(object) {
				cp.config.Notef("%s: its conversion webhook was left out, because nothing here serves it", object.GetName())
			}
			all = append(all, object)
		}
	}
	if len(all) == 0 {
		return fmt.Errorf("no CustomResourceDefinition in the *.yaml files of %s", cp.config.CRDDir)
	}
	if err := applyAll(ctx, applier, all); err != nil {
		return err
	}
	return cp.waitEstablished(ctx, all)
}

// stripConversionWebhook makes a CRD convert between its versions by changing only the apiVersion.
func stripConversionWebhook(crd *unstructured.Unstructured) bool {
	strategy, _, _ := unstructured.NestedString(crd.Object, "spec", "conversion", "strategy")
	if strategy != "Webhook" {
		return false
	}
	unstructured.RemoveNestedField(crd.Object, "spec", "conversion")
	return true
}

func (cp *ControlPlane) waitEstablished(ctx context.Context, want []*unstructured.Unstructured) error {
	client, err := dynamic.NewForConfig(cp.AdminConfig())
	if err != nil {
		return err
	}
	return poll(ctx, establishTimeout, "Capsule's CRDs to be established", func(ctx context.Context) error {
		for _, object := range want {
			crd, err := client.Resource(crds).Get(ctx, object.GetName(), metav1.GetOptions{})
			if err != nil {
				return err
			}
			if !conditionTrue(crd, "Established") {
				return fmt.Errorf("%s is not; see %s", crd.GetName(), cp.LogFile(APIServer))
			}
		}
		return nil
	})
}

func conditionTrue(object *unstructured.Unstructured, kind string) bool {
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, c := range conditions {
		if condition, _ := c.(map[string]any); condition["type"] == kind {
			return condition["status"] == "True"
		}
	}
	return false
}

// lead makes the Service and the APIService lead to the server on loopback, and the APIService trust it.
func (cp *ControlPlane) lead(objects []*unstructured.Unstructured) error {
	for _, object := range objects {
		switch object.GetKind() {
		case "Service":
			// kube-apiserver follows an ExternalName without Endpoints, which may not be on loopback.
			object.Object["spec"] = map[string]any{
				"type":         "ExternalName",
				"externalName": "localhost",
				"ports":        []any{map[string]any{"name": "https", "port": int64(cp.ports.Server)}},
			}
		case "APIService":
			if err := errors.Join(
				unstructured.SetNestedField(object.Object, int64(cp.ports.Server), "spec", "service", "port"),
				unstructured.SetNestedField(object.Object, base64.StdEncoding.EncodeToString(cp.pki.server.certPEM), "spec", "caBundle"),
			); err != nil {
				return err
			}
		}
	}
	return nil
}

func readObjects(folder fs.FS, file string) ([]*unstructured.Unstructured, error) {
	data, err := fs.ReadFile(folder, file)
	if err != nil {
		return nil, err
	}
	objects, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path.Base(file), err)
	}
	return objects, nil
}

func applyAll(ctx context.Context, applier *Applier, objects []*unstructured.Unstructured) error {
	for _, object := range objects {
		if _, err := applier.Apply(ctx, object); err != nil {
			return fmt.Errorf("installing %w", err)
		}
	}
	return nil
}
