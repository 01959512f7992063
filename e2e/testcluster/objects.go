// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"
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

// Object is an object of any kind.
type Object = unstructured.Unstructured

// Resources are the resources that tests write, by kind.
var Resources = map[string]schema.GroupVersionResource{
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
	"CapsuleConfiguration":     capsule.CapsuleConfiguration,
}

// Client returns the administrator's client for objects of a kind.
func (c *Cluster) Client(kind, namespace string) dynamic.ResourceInterface {
	resource, ok := Resources[kind]
	if !ok {
		panic("no resource is known for kind " + kind)
	}
	if namespace == "" {
		return c.Dynamic.Resource(resource)
	}
	return c.Dynamic.Resource(resource).Namespace(namespace)
}

// Create puts the objects in a YAML source, and deletes them when the test ends.
func (c *Cluster) Create(t testing.TB, source string) {
	t.Helper()
	objects := Decode(t, source)
	t.Cleanup(func() { c.RemoveAll(t, objects) })
	if _, err := c.Put(t.Context(), objects...); err != nil {
		t.Fatal(err)
	}
}

// Update puts the objects in a YAML source. It does not delete them when the test ends.
func (c *Cluster) Update(t testing.TB, source string) {
	t.Helper()
	if _, err := c.Put(t.Context(), Decode(t, source)...); err != nil {
		t.Fatal(err)
	}
}

// Decode reads objects from YAML. Invalid ones fail the test.
func Decode(t testing.TB, source string) []*Object {
	t.Helper()
	objects, err := controlplane.Decode([]byte(source))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, source)
	}
	return objects
}

// strangerUID is the uid in a namespace's reference to a Tenant that does not exist.
const strangerUID = types.UID("00000000-0000-4000-8000-000000000000")

// Put creates or replaces objects, with their status if they have one, and returns the stored ones. Objects
// that others refer to come first: Tenants, and then objects without a namespace. In an owner reference, write
// the uid of a Tenant as "uid-of-tenant:NAME".
func (c *Cluster) Put(ctx context.Context, objects ...*Object) ([]*Object, error) {
	stored := make([]*Object, len(objects))
	uids := make(map[string]types.UID)
	for step := range steps {
		if err := c.fillUIDs(ctx, objects, step, uids); err != nil {
			return nil, err
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(parallel)
		for i, o := range objects {
			if stepOf(o) == step {
				group.Go(func() (err error) {
					stored[i], err = c.put(ctx, o)
					return err
				})
			}
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
		for i, o := range objects {
			if o.GetKind() == "Tenant" {
				uids[o.GetName()] = stored[i].GetUID()
			}
		}
	}
	return stored, nil
}

// Objects are written in steps, and deleted in reverse. parallel limits the concurrent writes of one step.
const steps, parallel = 3, 16

func stepOf(o *Object) int {
	switch {
	case o.GetKind() == "Tenant":
		return 0
	case o.GetNamespace() == "":
		return 1
	default:
		return 2
	}
}

// fillUIDs fills in the uids of Tenants in the objects of a step, from the known uids or from the cluster.
func (c *Cluster) fillUIDs(ctx context.Context, objects []*Object, step int, uids map[string]types.UID) (err error) {
	uidOf := func(tenant string) types.UID {
		if uid, ok := uids[tenant]; ok || err != nil {
			return uid
		}
		found, failed := c.Client("Tenant", "").Get(ctx, tenant, metav1.GetOptions{})
		switch {
		case failed == nil:
			uids[tenant] = found.GetUID()
		case apierrors.IsNotFound(failed):
			uids[tenant] = strangerUID
		default:
			err = fmt.Errorf("looking for Tenant %s: %w", tenant, failed)
		}
		return uids[tenant]
	}
	for _, o := range objects {
		if stepOf(o) == step && err == nil {
			cases.FillUIDs(o, uidOf)
		}
	}
	return err
}

// put creates an object or replaces the one of its name, and its status if it has one.
func (c *Cluster) put(ctx context.Context, o *Object) (*Object, error) {
	client := c.Client(o.GetKind(), o.GetNamespace())
	stored, err := client.Create(ctx, o, metav1.CreateOptions{})
	// Admission comes first. It forbids a second default class, even if that is the existing one.
	if apierrors.IsAlreadyExists(err) || apierrors.IsForbidden(err) {
		stored, err = replace(ctx, client, o, "")
	}
	if status, ok := o.Object["status"]; ok && err == nil {
		withStatus := stored.DeepCopy()
		withStatus.Object["status"] = status
		stored, err = replace(ctx, client, withStatus, "status")
	}
	if err != nil {
		return nil, fmt.Errorf("putting %s %s: %w", o.GetKind(), o.GetName(), err)
	}
	return stored, nil
}

// replace updates an object or a subresource of it, and retries if others write to it.
func replace(ctx context.Context, client dynamic.ResourceInterface, o *Object, subresource string) (stored *Object, err error) {
	for range 10 {
		current, err := client.Get(ctx, o.GetName(), metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		next := o.DeepCopy()
		next.SetResourceVersion(current.GetResourceVersion())
		next.SetUID(current.GetUID())
		if subresource == "" {
			stored, err = client.Update(ctx, next, metav1.UpdateOptions{})
		} else {
			stored, err = client.Update(ctx, next, metav1.UpdateOptions{}, subresource)
		}
		if !apierrors.IsConflict(err) {
			return stored, err
		}
	}
	return nil, errors.New("too many conflicts with other writers")
}

// Patch applies a merge patch in YAML to an object.
func (c *Cluster) Patch(t testing.TB, kind, namespace, name, patch string) {
	t.Helper()
	if err := c.TryPatch(t.Context(), kind, namespace, name, patch); err != nil {
		t.Fatal(err)
	}
}

// TryPatch is like Patch, but returns an error instead of failing a test.
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

// RemoveAll deletes objects, whether they exist or not, and returns when they are gone. It also works during
// the clean-up of a test.
func (c *Cluster) RemoveAll(t testing.TB, objects []*Object) {
	t.Helper()
	// The test's own context has ended when clean-up begins.
	ctx := context.WithoutCancel(t.Context())
	for step := range steps {
		group := errgroup.Group{} // a failure does not end the others
		group.SetLimit(parallel)
		for _, o := range objects {
			if stepOf(o) == steps-1-step {
				group.Go(func() error { return c.remove(ctx, o.GetKind(), o.GetNamespace(), o.GetName()) })
			}
		}
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
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

// finalize ends a namespace that is being deleted. The namespace controller does the same, but takes seconds
// to search all resources for content. The tests delete their own content. If the controller runs, it may
// still delete the content of a namespace of the same name that is created soon after.
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
