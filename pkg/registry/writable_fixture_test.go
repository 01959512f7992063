// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/registry/rest"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/tenantnode"
	"capsule.dev/tenantview/pkg/view"
)

// kubeAPI is a kube-apiserver with nodes. It does what others do meanwhile before it decides on a write.
type kubeAPI struct {
	t     *testing.T
	nodes map[string]*corev1.Node
	// written are the writes, as USER VERB NAME BODY.
	written []string
	// publish puts a node into the view, as a watch does.
	publish   func(*corev1.Node)
	withdraw  func(version uint64, name string)
	version   uint64
	meanwhile func()
	// fails is the error of writes, and unreadable that of reading metadata.
	fails, unreadable error
	// late delivers events of the watch only after the answers to the writes that caused them.
	late     bool
	patch    metav1.PatchOptions
	deletion metav1.DeleteOptions
}

func (k *kubeAPI) store(n *corev1.Node) {
	k.version++
	n.ResourceVersion = strconv.FormatUint(k.version, 10)
	k.nodes[n.Name] = n
	k.deliver(func() { k.publish(n.DeepCopy()) })
}

func (k *kubeAPI) deliver(event func()) {
	if k.late {
		go event()
		return
	}
	event()
}

func (k *kubeAPI) decide(u user.Info, verb, name, body string) (*corev1.Node, error) {
	if f := k.meanwhile; f != nil {
		k.meanwhile = nil
		f()
	}
	k.written = append(k.written, fmt.Sprintf("%s %s %s %s", u.GetName(), verb, name, body))
	n, ok := k.nodes[name]
	switch {
	case k.fails != nil:
		return nil, k.fails
	case !ok:
		return nil, apierrors.NewNotFound(corev1.Resource("nodes"), name)
	}
	return n, nil
}

// Patch implements registry.Writer for merge patches and, without field managers, for server-side apply.
func (k *kubeAPI) Patch(_ context.Context, u user.Info, _ schema.GroupVersionResource, name string, how types.PatchType, data []byte, options metav1.PatchOptions) (runtime.Object, error) {
	k.patch = options
	n, err := k.decide(u, "patch", name, string(how)+" "+string(data))
	if err != nil {
		return nil, err
	}
	current, err := json.Marshal(n)
	if err != nil {
		k.t.Fatal(err)
	}
	var object, change map[string]any
	if err := errors.Join(json.Unmarshal(current, &object), json.Unmarshal(data, &change)); err != nil {
		k.t.Fatal(err)
	}
	merged, err := json.Marshal(merge(object, change))
	if err != nil {
		k.t.Fatal(err)
	}
	next := &corev1.Node{}
	if err := json.Unmarshal(merged, next); err != nil {
		k.t.Fatal(err)
	}
	if next.ResourceVersion != n.ResourceVersion || next.UID != n.UID {
		return nil, apierrors.NewConflict(corev1.Resource("nodes"), name, errors.New("modified, uid "+string(n.UID)))
	}
	if len(options.DryRun) == 0 {
		k.store(next)
	}
	return next.DeepCopy(), nil
}

// merge applies a merge patch (RFC 7386).
func merge(object, patch map[string]any) map[string]any {
	if object == nil {
		object = map[string]any{}
	}
	for key, value := range patch {
		part, isMap := value.(map[string]any)
		was, _ := object[key].(map[string]any)
		switch {
		case value == nil:
			delete(object, key)
		case isMap:
			object[key] = merge(was, part)
		default:
			object[key] = value
		}
	}
	return object
}

// Delete implements registry.Writer.
func (k *kubeAPI) Delete(_ context.Context, u user.Info, _ schema.GroupVersionResource, name string, options metav1.DeleteOptions) (runtime.Object, error) {
	k.deletion = options
	n, err := k.decide(u, "delete", name, "")
	if err != nil {
		return nil, err
	}
	if *options.Preconditions.UID != n.UID || *options.Preconditions.ResourceVersion != n.ResourceVersion {
		return nil, apierrors.NewConflict(corev1.Resource("nodes"), name, errors.New("modified, uid "+string(n.UID)))
	}
	switch {
	case len(options.DryRun) > 0:
	case len(n.Finalizers) > 0:
		n = n.DeepCopy()
		n.DeletionTimestamp = ptr.To(metav1.Now())
		k.store(n)
		return n.DeepCopy(), nil
	default:
		delete(k.nodes, name)
		k.version++
		version := k.version
		k.deliver(func() { k.withdraw(version, name) })
	}
	return &metav1.Status{Status: metav1.StatusSuccess, Details: &metav1.StatusDetails{Name: name, Kind: "nodes", UID: n.UID}}, nil
}

// Metadata implements registry.MetadataReader.
func (k *kubeAPI) Metadata(_ context.Context, _ schema.GroupVersionResource, name string) (*metav1.PartialObjectMetadata, error) {
	n, ok := k.nodes[name]
	if k.unreadable != nil || !ok {
		return nil, k.unreadable
	}
	return &metav1.PartialObjectMetadata{ObjectMeta: *n.ObjectMeta.DeepCopy()}, nil
}

// nodeFixture is the writable REST of nodes. alice may update and delete nodes of the pool solar, and list
// those of the pool wind.
type nodeFixture struct {
	*registry.WritableREST
	api  *kubeAPI
	set  *view.Set
	view *view.View
	// clock is the time. What decides on writes is behind since behindSince, unless that is zero.
	clock       *clocktesting.FakePassiveClock
	behindSince time.Time
}

func newNodeFixture(t *testing.T) *nodeFixture {
	f := &nodeFixture{set: view.NewSet("nodes"), clock: clocktesting.NewFakePassiveClock(time.Unix(1_000_000, 0))}
	f.view = f.set.View("nodes")
	f.set.Update(0, (*view.Tx).GoLive)
	f.api = &kubeAPI{t: t, nodes: make(map[string]*corev1.Node), version: 100, publish: f.publish, withdraw: func(version uint64, name string) {
		f.set.Update(version, func(tx *view.Tx) {
			tx.Delete(f.view, name)
			tx.Observe(f.view, version)
		})
	}}
	f.WritableREST = registry.NewWritableREST(registry.NewREST(tenantnode.Kind(false), f.view, registry.Config{
		Viewers: viewers{}, ServerID: serverID, Reviews: reviews{"root list": true}, Synced: func() bool { return true },
		WriteLag: func() time.Duration {
			if f.behindSince.IsZero() {
				return 0
			}
			return f.clock.Since(f.behindSince)
		},
	}), f.api, f.api)
	const all = listAndGet | view.OpUpdate | view.OpDelete
	f.grant("alice", view.Label("pool", "solar"), all)
	f.grant("alice", view.Label("pool", "wind"), listAndGet)
	f.grant("uma", view.Label("pool", "solar"), listAndGet|view.OpUpdate)
	f.grant("dan", view.Label("pool", "solar"), listAndGet|view.OpDelete)
	f.grant("gina", view.Label("pool", "solar"), view.OpGet)
	// Of different grants, the operations do not add up.
	f.grant("mia", view.Label("pool", "solar"), listAndGet)
	f.grant("mia", view.Label("pool", "solar"), view.OpUpdate|view.OpDelete)
	for _, pool := range []string{"solar", "wind", "hidden"} {
		f.api.store(newNode(pool+"-1", pool))
	}
	return f
}

func (f *nodeFixture) grant(name string, c view.Criterion, ops view.Operations) {
	f.set.Update(0, func(tx *view.Tx) { tx.Grant(f.view, view.User(name), view.Grant{Criterion: c, Operations: ops}) })
}

// publish does what the source of nodes does.
func (f *nodeFixture) publish(n *corev1.Node) {
	version, _ := strconv.ParseUint(n.ResourceVersion, 10, 64)
	f.set.Update(version, func(tx *view.Tx) {
		tx.Put(f.view, view.Object{Attributes: view.Attributes{Name: n.Name, Labels: view.NewLabels(n.Labels)}, Version: version, Value: synthetic.Packed(n)})
		tx.Observe(f.view, version)
	})
}

// newNode returns a node with everything that a view leaves out.
func newNode(name, pool string) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, UID: types.UID("uid-" + name), Labels: map[string]string{"pool": pool},
			Annotations:     map[string]string{"note": "shown", corev1.LastAppliedConfigAnnotation: "{}"},
			Finalizers:      []string{"example.com/hold"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: "owner", UID: "u"}},
			ManagedFields: []metav1.ManagedFieldsEntry{
				{Manager: "admin", Operation: metav1.ManagedFieldsOperationApply, FieldsV1: metav1.NewFieldsV1(`{"f:metadata":{"f:finalizers":{"v:\"example.com/hold\"":{}}}}`)},
				{Manager: "labeller", Operation: metav1.ManagedFieldsOperationApply, FieldsV1: metav1.NewFieldsV1(`{"f:metadata":{"f:labels":{"f:pool":{}}}}`)},
			},
		},
		Spec: corev1.NodeSpec{PodCIDR: "10.0.0.0/24", Taints: []corev1.Taint{{Key: "k", Effect: corev1.TaintEffectNoSchedule}}},
		Status: corev1.NodeStatus{
			Phase: corev1.NodeRunning, Images: []corev1.ContainerImage{{Names: []string{"secret"}}},
			VolumesInUse: []corev1.UniqueVolumeName{"secret"},
		},
	}
}

// update changes a node as a user, as the handlers of k8s.io/apiserver do: a patch without a
// resourceVersion changes what it gets.
func (f *nodeFixture) update(ctx context.Context, name string, change func(*v1alpha1.TenantNode)) (*v1alpha1.TenantNode, error) {
	return f.updateWith(ctx, name, change, &metav1.UpdateOptions{})
}

func (f *nodeFixture) updateWith(ctx context.Context, name string, change func(*v1alpha1.TenantNode), options *metav1.UpdateOptions) (*v1alpha1.TenantNode, error) {
	info := rest.DefaultUpdatedObjectInfo(nil, func(_ context.Context, _, old runtime.Object) (runtime.Object, error) {
		n := old.DeepCopyObject().(*v1alpha1.TenantNode)
		change(n)
		return n, nil
	})
	o, created, err := f.Update(ctx, name, info, rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false, options)
	if created {
		return nil, errors.New("it says that it has created an object")
	}
	n, _ := o.(*v1alpha1.TenantNode)
	return n, err
}

func label(key, value string) func(*v1alpha1.TenantNode) {
	return func(n *v1alpha1.TenantNode) {
		labels := maps.Clone(n.Labels)
		labels[key] = value
		n.Labels = labels
	}
}

func (f *nodeFixture) apply(ctx context.Context, name, configuration string) (runtime.Object, error) {
	return f.applyAs(ctx, "me", name, configuration)
}

func (f *nodeFixture) applyAs(ctx context.Context, manager, name, configuration string) (runtime.Object, error) {
	ctx = registry.WithWriteRequest(ctx, registry.WriteRequest{Configuration: []byte(configuration), Force: ptr.To(true)})
	o, _, err := f.Update(ctx, name, nil, nil, nil, true, &metav1.UpdateOptions{FieldManager: manager})
	return o, err
}
