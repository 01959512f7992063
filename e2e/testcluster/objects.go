// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"context"
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/dynamic"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/internal/cases"
	"capsule.dev/tenantview/pkg/apis/capsule"
)

// resources are the resources that tests write, by kind.
var resources = map[string]schema.GroupVersionResource{
	"Namespace":                {Version: "v1", Resource: "namespaces"},
	"Node":                     {Version: "v1", Resource: "nodes"},
	"PersistentVolume":         {Version: "v1", Resource: "persistentvolumes"},
	"StorageClass":             {Group: "storage.k8s.io", Version: "v1", Resource: "storageclasses"},
	"IngressClass":             {Group: "networking.k8s.io", Version: "v1", Resource: "ingressclasses"},
	"PriorityClass":            {Group: "scheduling.k8s.io", Version: "v1", Resource: "priorityclasses"},
	"RuntimeClass":             {Group: "node.k8s.io", Version: "v1", Resource: "runtimeclasses"},
	"Role":                     {Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "roles"},
	"RoleBinding":              {Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "rolebindings"},
	"ClusterRole":              {Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterroles"},
	"ClusterRoleBinding":       {Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterrolebindings"},
	"CustomResourceDefinition": {Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"},
	"Service":                  {Version: "v1", Resource: "services"},
	"APIService":               {Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"},
	"Tenant":                   capsule.Tenants,
	"ProxySetting":             capsule.ProxySettings,
	"GlobalProxySettings":      capsule.GlobalProxySettings,
}

// Client returns the administrator's client for objects of a kind.
func (c *Cluster) Client(kind, namespace string) dynamic.ResourceInterface {
	resource, ok := resources[kind]
	if !ok {
		panic("no resource is known for kind " + kind)
	}
	if namespace == "" {
		return c.Dynamic.Resource(resource)
	}
	return c.Dynamic.Resource(resource).Namespace(namespace)
}

// Create creates the objects of a YAML source, in its order, and deletes them when the test ends. The uid
// of a Tenant in an owner reference is written as "uid-of-tenant:NAME".
func (c *Cluster) Create(t testing.TB, source string) {
	t.Helper()
	for _, o := range Decode(t, source) {
		t.Cleanup(func() {
			// The test's own context has ended when clean-up begins.
			if err := c.remove(context.WithoutCancel(t.Context()), o.GetKind(), o.GetNamespace(), o.GetName()); err != nil {
				t.Error(err)
			}
		})
		if err := c.Put(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
}

// Decode reads objects from YAML; one that is none fails the test.
func Decode(t testing.TB, source string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := controlplane.Decode([]byte(source))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, source)
	}
	return objects
}

// Put creates an object, or replaces the one of its name.
func (c *Cluster) Put(ctx context.Context, o *unstructured.Unstructured) error {
	client := c.Client(o.GetKind(), o.GetNamespace())
	cases.FillUIDs(o, func(tenant string) types.UID {
		found, err := c.Client("Tenant", "").Get(ctx, tenant, metav1.GetOptions{})
		if err != nil {
			return ""
		}
		return found.GetUID()
	})
	_, err := client.Create(ctx, o, metav1.CreateOptions{})
	for range 10 {
		if !apierrors.IsAlreadyExists(err) && !apierrors.IsConflict(err) {
			break
		}
		var current *unstructured.Unstructured
		if current, err = client.Get(ctx, o.GetName(), metav1.GetOptions{}); err != nil {
			break
		}
		next := o.DeepCopy()
		next.SetResourceVersion(current.GetResourceVersion())
		_, err = client.Update(ctx, next, metav1.UpdateOptions{})
	}
	if err != nil {
		return fmt.Errorf("putting %s %s: %w", o.GetKind(), o.GetName(), err)
	}
	return nil
}

// Patch applies a merge patch in YAML to an object.
func (c *Cluster) Patch(t testing.TB, kind, namespace, name, patch string) {
	t.Helper()
	if err := c.TryPatch(t.Context(), kind, namespace, name, patch); err != nil {
		t.Fatal(err)
	}
}

// TryPatch is Patch for those who have no test to fail.
func (c *Cluster) TryPatch(ctx context.Context, kind, namespace, name, patch string) error {
	documents, err := controlplane.Decode([]byte(patch))
	if err != nil || len(documents) != 1 {
		return fmt.Errorf("%w: %d documents in:\n%s", err, len(documents), patch)
	}
	data, err := json.Marshal(documents[0].Object)
	if err != nil {
		return err
	}
	if _, err := c.Client(kind, namespace).Patch(ctx, name, types.MergePatchType, data, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("patching %s %s: %w", kind, name, err)
	}
	return nil
}

// Remove deletes an object and returns when it is gone.
func (c *Cluster) Remove(t testing.TB, kind, namespace, name string) {
	t.Helper()
	if err := c.remove(t.Context(), kind, namespace, name); err != nil {
		t.Fatal(err)
	}
}

func (c *Cluster) remove(ctx context.Context, kind, namespace, name string) error {
	err := c.Client(kind, namespace).Delete(ctx, name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil && kind == "Namespace" {
		err = c.finalize(ctx, name)
	}
	if err == nil && kind == "CustomResourceDefinition" {
		err = Wait(ctx, func() error {
			_, err := c.Client(kind, "").Get(ctx, name, metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				return nil
			}
			return errors.Join(err, errors.New("it still exists"))
		})
	}
	if err != nil {
		return fmt.Errorf("deleting %s %s: %w", kind, name, err)
	}
	return nil
}

// finalize ends a namespace that is being deleted. The namespace controller does the same, but takes
// seconds to look through all resources for content.
func (c *Cluster) finalize(ctx context.Context, name string) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for range 10 {
		_, err := c.Core.CoreV1().Namespaces().Finalize(ctx, ns, metav1.UpdateOptions{})
		if apierrors.IsConflict(err) {
			continue
		}
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	}
	return nil
}
