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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/ptr"

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
	fails     error
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
	if !ok {
		return nil, nil
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
}

func newNodeFixture(t *testing.T) *nodeFixture {
	f := &nodeFixture{set: view.NewSet("nodes")}
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
	n.ManagedFields, n.Finalizers, n.OwnerReferences, n.ResourceVersion = nil, nil, nil, ""
	delete(n.Annotations, corev1.LastAppliedConfigAnnotation)
	f.set.Update(version, func(tx *view.Tx) {
		tx.Put(f.view, view.Object{Attributes: view.Attributes{Name: n.Name, Labels: n.Labels}, Version: version, Value: n})
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

func TestWhoMayWrite(t *testing.T) {
	for _, tc := range []struct {
		user, node     string
		update, delete int32
	}{
		{"alice", "solar-1", 200, 200},
		{"alice", "wind-1", 403, 403},
		{"alice", "hidden-1", 404, 404},
		{"alice", "absent-1", 404, 404},
		{"uma", "solar-1", 200, 403},
		{"dan", "solar-1", 403, 200},
		{"gina", "solar-1", 403, 403}, // he may get it, and so may know that it exists
		{"mia", "solar-1", 403, 403},
		{"carol", "solar-1", 404, 404},
		{"root", "hidden-1", 403, 403}, // native RBAC writes through the upstream resource only
	} {
		f := newNodeFixture(t)
		before := f.api.nodes[tc.node]
		_, err := f.update(as(tc.user), tc.node, label("a", "1"))
		if code := codeOf(t, err); code != tc.update {
			t.Errorf("%s updates %s: code %d, want %d: %v", tc.user, tc.node, code, tc.update, err)
		}
		if changed := f.api.nodes[tc.node] != before; changed != (tc.update == 200) {
			t.Errorf("%s updates %s: changed: %v", tc.user, tc.node, changed)
		}
		f = newNodeFixture(t)
		_, _, err = f.Delete(as(tc.user), tc.node, nil, nil)
		if code := codeOf(t, err); code != tc.delete {
			t.Errorf("%s deletes %s: code %d, want %d: %v", tc.user, tc.node, code, tc.delete, err)
		}
		if tc.delete != 200 && len(f.api.written) > 0 {
			t.Errorf("%s deletes %s: kube-apiserver was asked %v", tc.user, tc.node, f.api.written)
		}
	}
}

// The error must help: it says which operation is missing, and who can grant it.
func TestMissingOperation(t *testing.T) {
	f := newNodeFixture(t)
	_, err := f.update(as("dan"), "solar-1", label("a", "1"))
	const want = `tenantnodes.tenantview.capsule.dev "solar-1" is forbidden: no grant that shows it to User "dan" has the operation Update: an owner of a Tenant or a subject of a ProxySetting gets it by proxySettings with kind Nodes and operations [List, Update], or by a rule in clusterResources with these operations. Rights on nodes themselves do not count here`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// If the answers differed in one byte, they would reveal that a hidden object exists.
func TestWritesOfHiddenAreNotFoundLikeReadsOfAbsent(t *testing.T) {
	f, empty := newNodeFixture(t), newNodeFixture(t)
	f.api.withdraw(999, "hidden-1")
	_, want := empty.Get(as("alice"), "hidden-1", &metav1.GetOptions{})
	_, update := f.update(as("alice"), "hidden-1", label("a", "1"))
	_, _, deletion := f.Delete(as("alice"), "hidden-1", nil, &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: ptr.To(types.UID("x"))}})
	for how, err := range map[string]error{"update": update, "delete": deletion} {
		if diff := cmp.Diff(statusOf(t, want), statusOf(t, err)); diff != "" {
			t.Errorf("%s (-get of an absent one +got):\n%s", how, diff)
		}
	}
}

// What a user changes reaches kube-apiserver, and nothing else.
func TestUpdateSendsWhatChanges(t *testing.T) {
	const pinned = `"resourceVersion":"101","uid":"uid-solar-1"`
	for name, tc := range map[string]struct {
		change func(*v1alpha1.TenantNode)
		patch  string
	}{
		"nothing":           {func(*v1alpha1.TenantNode) {}, `{"metadata":{` + pinned + `}}`},
		"a label":           {label("a", "1"), `{"metadata":{"labels":{"a":"1"},` + pinned + `}}`},
		"no labels":         {func(n *v1alpha1.TenantNode) { n.Labels = nil }, `{"metadata":{"labels":{"pool":null},` + pinned + `}}`},
		"no annotations":    {func(n *v1alpha1.TenantNode) { n.Annotations = nil }, `{"metadata":{"annotations":{"note":null},` + pinned + `}}`},
		"the spec":          {func(n *v1alpha1.TenantNode) { n.Spec.Unschedulable = true }, `{"metadata":{` + pinned + `},"spec":{"unschedulable":true}}`},
		"a field less":      {func(n *v1alpha1.TenantNode) { n.Spec.PodCIDR = "" }, `{"metadata":{` + pinned + `},"spec":{"podCIDR":null}}`},
		"a list":            {func(n *v1alpha1.TenantNode) { n.Spec.Taints = nil }, `{"metadata":{` + pinned + `},"spec":{"taints":null}}`},
		"status is ignored": {func(n *v1alpha1.TenantNode) { n.Status = corev1.NodeStatus{} }, `{"metadata":{` + pinned + `}}`},
		"managers are, too": {func(n *v1alpha1.TenantNode) { n.ManagedFields = []metav1.ManagedFieldsEntry{{}} }, `{"metadata":{` + pinned + `}}`},
		"client-side apply": {func(n *v1alpha1.TenantNode) {
			n.Annotations = map[string]string{"note": "shown", corev1.LastAppliedConfigAnnotation: "mine"}
		}, `{"metadata":{` + pinned + `}}`},
		"times left out":     {func(n *v1alpha1.TenantNode) { n.CreationTimestamp = metav1.Time{} }, `{"metadata":{` + pinned + `}}`},
		"no resourceVersion": {func(n *v1alpha1.TenantNode) { n.ResourceVersion = "" }, `{"metadata":{` + pinned + `}}`},
		"no uid":             {func(n *v1alpha1.TenantNode) { n.UID = "" }, `{"metadata":{` + pinned + `}}`},
	} {
		f := newNodeFixture(t)
		if _, err := f.update(as("alice"), "solar-1", tc.change); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := []string{"alice patch solar-1 application/merge-patch+json " + tc.patch}
		if diff := cmp.Diff(want, f.api.written); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestUpdatesThatAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		change  func(*v1alpha1.TenantNode)
		code    int32
		message string
	}{
		"finalizers":           {func(n *v1alpha1.TenantNode) { n.Finalizers = []string{"a/b"} }, 422, "metadata.finalizers: Forbidden: this field"},
		"ownerReferences":      {func(n *v1alpha1.TenantNode) { n.OwnerReferences = []metav1.OwnerReference{{}} }, 422, "metadata.ownerReferences: Forbidden: this field"},
		"name":                 {func(n *v1alpha1.TenantNode) { n.Name = "wind-1" }, 422, "metadata.name: Invalid value"},
		"generateName":         {func(n *v1alpha1.TenantNode) { n.GenerateName = "x" }, 422, "metadata.generateName: Invalid value"},
		"creationTimestamp":    {func(n *v1alpha1.TenantNode) { n.CreationTimestamp = metav1.Now() }, 422, "metadata.creationTimestamp: Invalid value"},
		"deletionTimestamp":    {func(n *v1alpha1.TenantNode) { n.DeletionTimestamp = ptr.To(metav1.Now()) }, 422, "metadata.deletionTimestamp: Invalid value"},
		"uid":                  {func(n *v1alpha1.TenantNode) { n.UID = "other" }, 409, "Precondition failed: UID"},
		"the upstream uid":     {func(n *v1alpha1.TenantNode) { n.UID = "uid-solar-1" }, 409, "Precondition failed: UID"},
		"the upstream version": {func(n *v1alpha1.TenantNode) { n.ResourceVersion = "101" }, 409, "the object has been modified"},
		"a version before":     {func(n *v1alpha1.TenantNode) { n.ResourceVersion = "100" + digits }, 409, "the object has been modified"},
		"a version to come":    {func(n *v1alpha1.TenantNode) { n.ResourceVersion = "900" + digits }, 409, "the object has been modified"},
		"another server's":     {func(n *v1alpha1.TenantNode) { n.ResourceVersion = "101999999" }, 409, "the object has been modified"},
		"no number":            {func(n *v1alpha1.TenantNode) { n.ResourceVersion = "x" }, 400, "metadata.resourceVersion"},
	} {
		f := newNodeFixture(t)
		_, err := f.update(as("alice"), "solar-1", tc.change)
		if code := codeOf(t, err); code != tc.code || !strings.Contains(err.Error(), tc.message) || !strings.Contains(err.Error(), `"solar-1"`) && tc.code != 400 {
			t.Errorf("%s: code %d: %v", name, code, err)
		}
		if len(f.api.written) > 0 {
			t.Errorf("%s: kube-apiserver was asked %v", name, f.api.written)
		}
	}
}

// A client that has read an object can write it with what it has read, whether from a get, a list or an
// event.
func TestResourceVersionsThatFit(t *testing.T) {
	f := newNodeFixture(t)
	got, err := f.Get(as("alice"), "solar-1", &metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// A grant reveals it to another user: the event has the revision of that change.
	f.grant("bea", view.Label("pool", "solar"), listAndGet|view.OpUpdate)
	revealed := fmt.Sprint(f.view.Revision()) + digits
	for user, version := range map[string]string{"alice": got.(*v1alpha1.TenantNode).ResourceVersion, "bea": revealed, "uma": "0"} {
		changed, err := f.update(as(user), "solar-1", func(n *v1alpha1.TenantNode) {
			n.ResourceVersion = version
			label("by", user)(n)
		})
		if err != nil {
			t.Fatalf("%s with %s: %v", user, version, err)
		}
		now, err := f.Get(as("alice"), "solar-1", &metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(now, runtime.Object(changed)); diff != "" {
			t.Errorf("%s: a get after the write differs from its answer (-get +answer):\n%s", user, diff)
		}
		f.api.store(newNode("solar-1", "solar"))
		if _, err := f.update(as(user), "solar-1", func(n *v1alpha1.TenantNode) { n.ResourceVersion = changed.ResourceVersion }); codeOf(t, err) != 409 {
			t.Errorf("%s: a write with the version before: %v", user, err)
		}
		f = newNodeFixture(t)
		f.grant("bea", view.Label("pool", "solar"), listAndGet|view.OpUpdate)
	}
}

// While others change the object, a write without a resourceVersion is tried again, and decided again.
func TestOthersWriteMeanwhile(t *testing.T) {
	for name, tc := range map[string]struct {
		meanwhile func(*nodeFixture)
		code      int32
		asked     int
	}{
		"nobody":         {func(*nodeFixture) {}, 200, 1},
		"another change": {func(f *nodeFixture) { f.api.store(newNode("solar-1", "solar")) }, 200, 2},
		"another change, known later": {func(f *nodeFixture) {
			f.api.late = true
			f.api.store(newNode("solar-1", "solar"))
		}, 200, 2},
		"it is hidden":      {func(f *nodeFixture) { f.api.store(newNode("solar-1", "hidden")) }, 404, 1},
		"it is only listed": {func(f *nodeFixture) { f.api.store(newNode("solar-1", "wind")) }, 403, 1},
		"it is deleted": {func(f *nodeFixture) {
			delete(f.api.nodes, "solar-1")
			f.api.withdraw(900, "solar-1")
		}, 404, 1},
		"it is another one, and hidden": {func(f *nodeFixture) {
			n := newNode("solar-1", "hidden")
			n.UID = "uid-another"
			f.api.store(n)
		}, 404, 1},
	} {
		for how, write := range map[string]func(*nodeFixture) error{
			"update": func(f *nodeFixture) error {
				_, err := f.update(as("alice"), "solar-1", label("a", "1"))
				return err
			},
			"apply": func(f *nodeFixture) error {
				_, err := f.apply(as("alice"), "solar-1", `{apiVersion: tenantview.capsule.dev/v1alpha1, kind: TenantNode, metadata: {labels: {a: "1"}}}`)
				return err
			},
			"delete": func(f *nodeFixture) error {
				_, _, err := f.Delete(as("alice"), "solar-1", nil, nil)
				return err
			},
		} {
			f := newNodeFixture(t)
			f.api.meanwhile = func() { tc.meanwhile(f) }
			err := write(f)
			if code := codeOf(t, err); code != tc.code || len(f.api.written) != tc.asked {
				t.Errorf("%s, %s: code %d, want %d, after %d requests: %v", name, how, code, tc.code, len(f.api.written), err)
			}
			if tc.code == 404 && err.Error() != `tenantnodes.tenantview.capsule.dev "solar-1" not found` {
				t.Errorf("%s, %s: the error is not that of an absent object: %v", name, how, err)
			}
			if err != nil && strings.Contains(err.Error(), "uid-") {
				t.Errorf("%s, %s: the error has an upstream uid: %v", name, how, err)
			}
		}
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

func TestApply(t *testing.T) {
	const head = "apiVersion: tenantview.capsule.dev/v1alpha1\nkind: TenantNode\n"
	for name, tc := range map[string]struct {
		manager, configuration string
		code                   int32
		// want is what kube-apiserver gets, or a part of the error.
		want string
	}{
		"labels": {"me", head + "metadata: {name: solar-1, labels: {a: '1'}}", 200,
			`{"apiVersion":"v1","kind":"Node","metadata":{"labels":{"a":"1"},"name":"solar-1","resourceVersion":"101","uid":"uid-solar-1"}}`},
		"spec, and what is computed": {"me", head + "metadata: {creationTimestamp: null}\nspec: {podCIDR: x}\nstatus: {phase: Failed}", 200,
			`{"apiVersion":"v1","kind":"Node","metadata":{"resourceVersion":"101","uid":"uid-solar-1"},"spec":{"podCIDR":"x"}}`},
		"the annotation of kubectl": {"me", head + "metadata: {annotations: {a: b, kubectl.kubernetes.io/last-applied-configuration: x}}", 200,
			`{"apiVersion":"v1","kind":"Node","metadata":{"annotations":{"a":"b"},"resourceVersion":"101","uid":"uid-solar-1"}}`},
		"a manager of labels":        {"labeller", head, 200, `{"apiVersion":"v1","kind":"Node","metadata":{"resourceVersion":"101","uid":"uid-solar-1"}}`},
		"a manager of finalizers":    {"admin", head, 422, `manager "admin" has applied fields`},
		"kubectl of client-side":     {"kubectl", head, 422, `manager "kubectl" would replace the annotation`},
		"finalizers":                 {"me", head + "metadata: {finalizers: [a/b]}", 422, "metadata.finalizers: Forbidden"},
		"ownerReferences":            {"me", head + "metadata: {ownerReferences: []}", 422, "metadata.ownerReferences: Forbidden"},
		"managedFields":              {"me", head + "metadata: {managedFields: []}", 422, "metadata.managedFields: Forbidden"},
		"another name":               {"me", head + "metadata: {name: wind-1}", 400, "does not match the name on the URL"},
		"the upstream kind":          {"me", "{apiVersion: v1, kind: Node}", 400, "must be of kind TenantNode"},
		"another kind":               {"me", "{apiVersion: tenantview.capsule.dev/v1alpha1, kind: TenantNamespace}", 400, "must be of kind TenantNode"},
		"no kind":                    {"me", "{}", 400, "must be of kind TenantNode"},
		"nothing":                    {"me", "", 400, "there is no configuration"},
		"no object":                  {"me", "[]", 400, "error decoding patch"},
		"no YAML":                    {"me", "{", 400, "error decoding patch"},
		"metadata that is no object": {"me", head + "metadata: x", 400, "metadata must be an object"},
		"a name that is no text":     {"me", head + "metadata: {name: 1}", 400, "metadata.name must be a string"},
		"another resourceVersion":    {"me", head + "metadata: {resourceVersion: '101'}", 409, "modified"},
		"another uid":                {"me", head + "metadata: {uid: uid-solar-1}", 409, "UID in precondition"},
	} {
		f := newNodeFixture(t)
		_, err := f.applyAs(as("alice"), tc.manager, "solar-1", tc.configuration)
		if code := codeOf(t, err); code != tc.code {
			t.Errorf("%s: code %d, want %d: %v", name, code, tc.code, err)
			continue
		}
		if tc.code != 200 {
			if !strings.Contains(err.Error(), tc.want) || len(f.api.written) > 0 {
				t.Errorf("%s: %v, after %v", name, err, f.api.written)
			}
			continue
		}
		want := []string{"alice patch solar-1 application/apply-patch+yaml " + tc.want}
		if diff := cmp.Diff(want, f.api.written); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if !*f.api.patch.Force || f.api.patch.FieldManager != tc.manager {
			t.Errorf("%s: options %+v", name, f.api.patch)
		}
	}
}

func TestOptionsArePassedOn(t *testing.T) {
	f := newNodeFixture(t)
	ctx := registry.WithWriteRequest(as("alice"), registry.WriteRequest{UserAgent: "kube\x01ctl/v1 (linux)"})
	before := f.api.nodes["solar-1"]
	got, err := f.updateWith(ctx, "solar-1", label("a", "1"), &metav1.UpdateOptions{DryRun: []string{"All"}, FieldValidation: "Strict"})
	if err != nil || got.Labels["a"] != "1" || got.Annotations[corev1.LastAppliedConfigAnnotation] != "" || f.api.nodes["solar-1"] != before {
		t.Errorf("a dry run: %v, %v", got, err)
	}
	want := metav1.PatchOptions{DryRun: []string{"All"}, FieldValidation: "Strict", FieldManager: "kubectl"}
	if diff := cmp.Diff(want, f.api.patch); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	if _, err := f.updateWith(ctx, "solar-1", label("a", "1"), &metav1.UpdateOptions{FieldManager: "me"}); err != nil || f.api.patch.FieldManager != "me" {
		t.Errorf("manager %q, %v", f.api.patch.FieldManager, err)
	}
	options := metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](7), PropagationPolicy: ptr.To(metav1.DeletePropagationForeground), DryRun: []string{"All"}}
	if _, _, err := f.Delete(ctx, "solar-1", nil, &options); err != nil {
		t.Fatal(err)
	}
	options.Preconditions = f.api.deletion.Preconditions
	if diff := cmp.Diff(options, f.api.deletion); diff != "" {
		t.Errorf("options of the deletion (-want +got):\n%s", diff)
	}
}

func TestDelete(t *testing.T) {
	uid := func(f *nodeFixture) *types.UID {
		o, err := f.Get(as("alice"), "solar-1", &metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return ptr.To(o.(*v1alpha1.TenantNode).UID)
	}
	for name, tc := range map[string]struct {
		preconditions func(*nodeFixture) metav1.Preconditions
		code          int32
	}{
		"the uid": {func(f *nodeFixture) metav1.Preconditions { return metav1.Preconditions{UID: uid(f)} }, 200},
		"the resourceVersion": {func(*nodeFixture) metav1.Preconditions {
			return metav1.Preconditions{ResourceVersion: ptr.To("101" + digits)}
		}, 200},
		"the upstream uid": {func(*nodeFixture) metav1.Preconditions {
			return metav1.Preconditions{UID: ptr.To(types.UID("uid-solar-1"))}
		}, 409},
		"the upstream version": {func(*nodeFixture) metav1.Preconditions { return metav1.Preconditions{ResourceVersion: ptr.To("101")} }, 409},
	} {
		f := newNodeFixture(t)
		f.api.nodes["solar-1"].Finalizers = nil
		want := &metav1.Status{Status: "Success", Details: &metav1.StatusDetails{Name: "solar-1", Group: "tenantview.capsule.dev", Kind: "tenantnodes", UID: *uid(f)}}
		p := tc.preconditions(f)
		got, gone, err := f.Delete(as("alice"), "solar-1", nil, &metav1.DeleteOptions{Preconditions: &p})
		if code := codeOf(t, err); code != tc.code {
			t.Errorf("%s: code %d, want %d: %v", name, code, tc.code, err)
		}
		if tc.code != 200 {
			continue
		}
		if diff := cmp.Diff(runtime.Object(want), got); diff != "" || !gone {
			t.Errorf("%s: gone %v (-want +got):\n%s", name, gone, diff)
		}
		if _, err := f.Get(as("alice"), "solar-1", &metav1.GetOptions{}); codeOf(t, err) != 404 {
			t.Errorf("%s: a get after the deletion: %v", name, err)
		}
	}
	// An object with finalizers goes on to exist.
	f := newNodeFixture(t)
	got, gone, err := f.Delete(as("alice"), "solar-1", nil, nil)
	if err != nil || gone || got.(*v1alpha1.TenantNode).DeletionTimestamp == nil || got.(*v1alpha1.TenantNode).Finalizers != nil {
		t.Errorf("with a finalizer: %v, gone %v, %v", got, gone, err)
	}
}

// What a user reads after a write includes it, although the view learns of it later.
func TestReadAfterWrite(t *testing.T) {
	for range 10 {
		f := newNodeFixture(t)
		f.api.nodes["solar-1"].Finalizers = nil
		f.api.late = true
		changed, err := f.update(as("alice"), "solar-1", label("a", "1"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Get(as("alice"), "solar-1", &metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(runtime.Object(changed), got); diff != "" {
			t.Fatalf("a get after the write (-answer +got):\n%s", diff)
		}
		if _, _, err := f.Delete(as("alice"), "solar-1", nil, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Get(as("alice"), "solar-1", &metav1.GetOptions{}); codeOf(t, err) != 404 {
			t.Fatalf("a get after the deletion: %v", err)
		}
	}
}

// Whatever a user sends, what is not shown stays as it is.
func TestHiddenFieldsStay(t *testing.T) {
	hidden := func(n *corev1.Node) string {
		data, err := json.Marshal([]any{n.Finalizers, n.OwnerReferences, n.ManagedFields, n.Annotations[corev1.LastAppliedConfigAnnotation], n.UID, n.Status})
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	f := newNodeFixture(t)
	want := hidden(f.api.nodes["solar-1"])
	everything := func(n *v1alpha1.TenantNode) {
		kept := n.ObjectMeta
		*n = v1alpha1.TenantNode{ObjectMeta: metav1.ObjectMeta{Name: kept.Name, Labels: map[string]string{"pool": "solar"}}}
	}
	for range 3 {
		for _, change := range []func(*v1alpha1.TenantNode){label("a", "1"), everything, func(n *v1alpha1.TenantNode) { n.Annotations = map[string]string{} }} {
			got, err := f.update(as("alice"), "solar-1", change)
			if err != nil {
				t.Fatal(err)
			}
			if now := hidden(f.api.nodes["solar-1"]); now != want {
				t.Fatalf("got  %s\nwant %s", now, want)
			}
			if got.Annotations[corev1.LastAppliedConfigAnnotation] != "" || got.Finalizers != nil || got.Status.Images != nil {
				t.Errorf("the answer shows what a view leaves out: %v", got)
			}
		}
	}
}

// A write that hides the object from its user is answered with what he has written.
func TestWriteThatHides(t *testing.T) {
	f := newNodeFixture(t)
	got, err := f.update(as("alice"), "solar-1", label("pool", "hidden"))
	if err != nil || got.Labels["pool"] != "hidden" || got.Finalizers != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := f.update(as("alice"), "solar-1", label("pool", "solar")); codeOf(t, err) != 404 {
		t.Errorf("after that: %v", err)
	}
}

func TestErrorsOfKubeAPIServer(t *testing.T) {
	nodes := corev1.Resource("nodes")
	managers := apierrors.NewApplyConflict([]metav1.StatusCause{{Type: metav1.CauseTypeFieldManagerConflict, Field: ".metadata.labels.a"}}, "Apply failed with 1 conflict")
	managers.ErrStatus.Details.UID = "uid-solar-1"
	for name, tc := range map[string]struct {
		err     error
		code    int32
		message string
	}{
		"admission":     {apierrors.NewForbidden(nodes, "solar-1", errors.New("bob may not")), 403, `tenantnodes.tenantview.capsule.dev "solar-1" is forbidden: bob may not`},
		"invalid":       {apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("Node").GroupKind(), "solar-1", nil), 422, `TenantNode.tenantview.capsule.dev "solar-1" is invalid`},
		"other manager": {managers, 409, "Apply failed with 1 conflict"},
		"schema":        {apierrors.NewInternalError(errors.New("/v1, Kind=Node: unknown")), 500, "Internal error occurred: tenantview.capsule.dev/v1alpha1, Kind=TenantNode: unknown"},
		"too many":      {apierrors.NewTooManyRequests("slow down", 3), 429, "slow down"},
		"webhook":       {apierrors.NewInternalError(errors.New("failed calling webhook")), 500, "Internal error occurred: failed calling webhook"},
		"away":          {errors.New("dial tcp 10.0.0.1:6443: refused"), 503, "kube-apiserver could not be reached for the write; try again"},
		"credentials":   {apierrors.NewUnauthorized("Unauthorized"), 500, "Internal error occurred: the server is not allowed to write as its users; an administrator must grant it that"},
		"impersonation": {apierrors.NewForbidden(schema.GroupResource{Resource: "users"}, "alice", errors.New(`User "system:serviceaccount:a:b" cannot impersonate resource "users"`)), 500, "Internal error occurred: the server is not allowed to write as its users; an administrator must grant it that"},
	} {
		f := newNodeFixture(t)
		f.api.fails = tc.err
		_, err := f.update(as("alice"), "solar-1", label("a", "1"))
		status := statusOf(t, err)
		if status.Code != tc.code || strings.TrimSuffix(status.Message, ": ") != tc.message {
			t.Errorf("%s: %d %q", name, status.Code, status.Message)
		}
		if d := status.Details; d != nil && (d.UID != "" || d.Kind != "" && !strings.HasPrefix(strings.ToLower(d.Kind), "tenantnode") || len(d.Causes) != len(detailsOf(tc.err).Causes)) && tc.code < 500 {
			t.Errorf("%s: details %+v", name, d)
		}
		if len(f.api.written) != 1 {
			t.Errorf("%s: asked %d times", name, len(f.api.written))
		}
	}
}

func detailsOf(err error) metav1.StatusDetails {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Details != nil {
		return *status.Status().Details
	}
	return metav1.StatusDetails{}
}

// The server must not act as a user whose identity would change on the way, or who is in its own group.
func TestIdentitiesThatAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		user user.DefaultInfo
		code int32
	}{
		"usual":               {user.DefaultInfo{Name: "alice", UID: "1", Groups: []string{"devs"}, Extra: map[string][]string{"a/b": {"c"}}}, 200},
		"the server's group":  {user.DefaultInfo{Name: "alice", Groups: []string{"devs", "tenantview.capsule.dev:operators"}}, 403},
		"a key in upper case": {user.DefaultInfo{Name: "alice", Extra: map[string][]string{"A": {"c"}}}, 403},
		"a line break in it":  {user.DefaultInfo{Name: "alice", Groups: []string{"a\nb"}}, 403},
	} {
		f := newNodeFixture(t)
		ctx := genericapirequest.WithUser(context.Background(), &tc.user)
		_, err := f.update(ctx, "solar-1", label("a", "1"))
		_, _, deletion := f.Delete(ctx, "solar-1", nil, &metav1.DeleteOptions{DryRun: []string{"All"}})
		if codeOf(t, err) != tc.code || codeOf(t, deletion) != tc.code {
			t.Errorf("%s: %v and %v, want %d", name, err, deletion, tc.code)
		}
		// It says nothing about objects.
		_, hidden := f.update(ctx, "hidden-1", label("a", "1"))
		_, absent := f.update(ctx, "absent-1", label("a", "1"))
		if want := strings.ReplaceAll(absent.Error(), "absent", "hidden"); hidden.Error() != want {
			t.Errorf("%s: %v and %v", name, hidden, absent)
		}
		if tc.code != 200 && len(f.api.written) > 0 {
			t.Errorf("%s: kube-apiserver was asked %v", name, f.api.written)
		}
	}
}
