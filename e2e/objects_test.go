// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"cmp"
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
	"k8s.io/client-go/dynamic"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/internal/cases"
	"capsule.dev/tenantview/pkg/apis/capsule"
)

type object = unstructured.Unstructured

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
	"Tenant":                   capsule.Tenants,
	"ProxySetting":             capsule.ProxySettings,
	"GlobalProxySettings":      capsule.GlobalProxySettings,
	"CapsuleConfiguration":     capsule.CapsuleConfiguration,
}

// decode reads objects in YAML.
func decode(t *testing.T, yaml string) []*object {
	t.Helper()
	objects, err := controlplane.Decode([]byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func (c *cluster) client(o *object) dynamic.ResourceInterface {
	resource, ok := resources[o.GetKind()]
	if !ok {
		panic("no resource is known for kind " + o.GetKind())
	}
	if o.GetNamespace() == "" {
		return c.dynamic.Resource(resource)
	}
	return c.dynamic.Resource(resource).Namespace(o.GetNamespace())
}

// create puts the objects of a YAML source, and deletes them when the test ends.
func (c *cluster) create(t *testing.T, yaml string) {
	t.Helper()
	objects := decode(t, yaml)
	t.Cleanup(func() { c.removeAll(t, objects) })
	if _, err := c.putAll(t.Context(), objects); err != nil {
		t.Fatal(err)
	}
}

// strangerUID is that of a Tenant that a namespace refers to and that does not exist.
const strangerUID = types.UID("00000000-0000-4000-8000-000000000000")

// read returns the stored object of the kind and name of o.
func (c *cluster) read(t *testing.T, o *object) *object {
	t.Helper()
	stored, err := c.client(o).Get(t.Context(), o.GetName(), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// restore puts an object back as it was read, whether it has been deleted or changed since.
func (c *cluster) restore(t *testing.T, o *object) {
	t.Helper()
	o = o.DeepCopy()
	o.SetResourceVersion("")
	o.SetUID("")
	if _, err := c.put(context.WithoutCancel(t.Context()), o); err != nil {
		t.Error(err)
	}
}

// update replaces objects that another call has created and will delete.
func (c *cluster) update(t *testing.T, yaml string) {
	t.Helper()
	if _, err := c.putAll(t.Context(), decode(t, yaml)); err != nil {
		t.Fatal(err)
	}
}

// putAll creates or replaces objects and returns them as they are stored. What others refer to comes
// first: Tenants, whose uids are filled in, and then what has no namespace.
func (c *cluster) putAll(ctx context.Context, objects []*object) ([]*object, error) {
	stored := make([]*object, len(objects))
	uids := make(map[string]types.UID)
	for step := range 3 {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(16)
		for i, o := range objects {
			if stepOf(o) != step {
				continue
			}
			cases.FillUIDs(o, func(tenant string) types.UID { return cmp.Or(uids[tenant], strangerUID) })
			group.Go(func() (err error) {
				stored[i], err = c.put(ctx, o)
				return err
			})
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

func stepOf(o *object) int {
	switch {
	case o.GetKind() == "Tenant":
		return 0
	case o.GetNamespace() == "":
		return 1
	default:
		return 2
	}
}

// put creates an object or replaces the one of its name, and its status if it has one.
func (c *cluster) put(ctx context.Context, o *object) (*object, error) {
	client := c.client(o)
	stored, err := client.Create(ctx, o, metav1.CreateOptions{})
	// Admission, which comes first, forbids a second default class, even if it is the one that there is.
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

// replace updates an object or a subresource of it, whoever else writes to it.
func replace(ctx context.Context, client dynamic.ResourceInterface, o *object, subresource string) (stored *object, err error) {
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
	return nil, errors.New("somebody else writes to it all the time")
}

// removeAll deletes objects, whether they exist or not, and returns when they are gone.
func (c *cluster) removeAll(t *testing.T, objects []*object) {
	t.Helper()
	// The test's own context has ended when clean-up begins.
	if err := c.remove(context.WithoutCancel(t.Context()), objects); err != nil {
		t.Error(err)
	}
}

func (c *cluster) remove(ctx context.Context, objects []*object) error {
	for step := 2; step >= 0; step-- {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(16)
		for _, o := range objects {
			if stepOf(o) != step {
				continue
			}
			group.Go(func() error {
				err := c.client(o).Delete(ctx, o.GetName(), metav1.DeleteOptions{})
				if err == nil && o.GetKind() == "Namespace" {
					err = c.finalize(ctx, o.GetName())
				}
				if err != nil && !apierrors.IsNotFound(err) {
					return fmt.Errorf("deleting %s %s: %w", o.GetKind(), o.GetName(), err)
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// finalize ends a namespace that is being deleted. The namespace controller does the same, but takes
// seconds to look through all resources for content; the tests delete their own.
func (c *cluster) finalize(ctx context.Context, name string) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for range 10 {
		_, err := c.core.CoreV1().Namespaces().Finalize(ctx, ns, metav1.UpdateOptions{})
		if apierrors.IsConflict(err) {
			continue
		}
		return err
	}
	return nil
}
