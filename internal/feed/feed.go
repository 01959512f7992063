// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"cmp"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/tenancy"
	"capsule.dev/tenantview/pkg/view"
)

// Feed is a Cluster of all kinds, with the objects that it has received. It counts resourceVersions
// like etcd: one for each change of any object. It is not safe for concurrent use. The Cluster is.
type Feed struct {
	Cluster *tenancy.Cluster

	version uint64
	stored  map[reference.Ref]stored
	sinks   map[string]sink
	views   map[string]schema.GroupResource
}

// stored is an object that was delivered.
type stored struct {
	object  reference.Object
	version uint64
}

// sink passes on the objects of one resource.
type sink struct {
	put      func(stored)
	delete   func(tenancy.Key, uint64)
	replace  func([]stored, uint64)
	bookmark func(uint64)
}

// New returns a Feed of an empty Cluster with that policy. The Cluster has not gone live.
func New(policy grants.Policy) *Feed {
	f := &Feed{
		stored: make(map[reference.Ref]stored),
		sinks:  make(map[string]sink),
		views:  make(map[string]schema.GroupResource),
	}
	var granted []grants.Kind
	for _, k := range kinds.All(kinds.Options{}) {
		granted = append(granted, k.Kind)
	}
	f.Cluster = tenancy.New(granted, policy, nil)
	for i := range granted {
		resource := granted[i].Upstream.GroupResource()
		f.views[resource.Resource] = resource
		f.sinks[resource.Resource] = into(f.Cluster.Objects(resource), as(tenancy.NewObject))
	}
	f.sinks["namespaces"] = into(f.Cluster.Namespaces(), as(tenancy.NewNamespace))
	f.sinks["persistentvolumes"] = into(f.Cluster.PersistentVolumes(), as(tenancy.NewPersistentVolume))
	f.sinks["tenants"] = into(f.Cluster.Tenants(), capsuleObject[capsule.Tenant])
	f.sinks["proxysettings"] = into(f.Cluster.ProxySettings(), capsuleObject[capsule.ProxySetting])
	f.sinks["globalproxysettings"] = into(f.Cluster.GlobalProxySettings(), capsuleObject[capsule.GlobalProxySetting])
	f.sinks["capsuleconfigurations"] = into(f.Cluster.Configurations(), capsuleObject[capsule.Configuration])
	f.sinks["rolebindings"] = into(f.Cluster.RoleBindings(), binding)
	f.sinks["roles"] = into(f.Cluster.Roles(), role)
	f.sinks["clusterroles"] = into(f.Cluster.ClusterRoles(), role)
	return f
}

// Resources returns the resources that the Feed takes, in a fixed order.
func (f *Feed) Resources() []string {
	var names []string
	for name := range f.sinks {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// View returns the view of an upstream resource.
func (f *Feed) View(resource string) *view.View { return f.Cluster.View(f.views[resource]) }

// Put delivers objects that were added or changed. They are not changed.
func (f *Feed) Put(objects ...reference.Object) {
	for _, o := range objects {
		s := f.store(o)
		f.sinks[reference.RefOf(o).Resource].put(s)
	}
}

// Delete delivers deletions.
func (f *Feed) Delete(refs ...reference.Ref) {
	for _, ref := range refs {
		f.version++
		delete(f.stored, ref)
		f.sinks[ref.Resource].delete(tenancy.Key{Namespace: ref.Namespace, Name: ref.Name}, f.version)
	}
}

// Replace delivers a whole list of one resource. Objects that have not changed since the last
// delivery keep their resourceVersion.
func (f *Feed) Replace(resource string, objects ...reference.Object) {
	listed := make(map[reference.Ref]bool, len(objects))
	items := make([]stored, 0, len(objects))
	for _, o := range objects {
		ref := reference.RefOf(o)
		listed[ref] = true
		s, ok := f.stored[ref]
		if !ok || !equality.Semantic.DeepEqual(withVersion(o, s.version), s.object) {
			s = f.store(o)
		}
		items = append(items, s)
	}
	for ref := range f.stored {
		if ref.Resource == resource && !listed[ref] {
			delete(f.stored, ref)
		}
	}
	slices.SortFunc(items, func(a, b stored) int { return cmp.Compare(a.version, b.version) })
	f.version++
	f.sinks[resource].replace(items, f.version)
}

// Disappear makes a resource absent: it is not served any more.
func (f *Feed) Disappear(resource string) {
	for ref := range f.stored {
		if ref.Resource == resource {
			delete(f.stored, ref)
		}
	}
	f.sinks[resource].replace(nil, 0)
}

func (f *Feed) store(o reference.Object) stored {
	f.version++
	s := stored{withVersion(o, f.version), f.version}
	f.stored[reference.RefOf(o)] = s
	return s
}

func withVersion(o reference.Object, version uint64) reference.Object {
	o = reference.Typed(o).DeepCopyObject().(reference.Object)
	o.SetResourceVersion(strconv.FormatUint(version, 10))
	return o
}

// into returns a sink that decodes its objects.
func into[T any](to *tenancy.Sink[T], decode func(reference.Object) (T, error)) sink {
	item := func(s stored) tenancy.Item[T] {
		value, err := decode(s.object)
		return tenancy.Item[T]{
			Key:     tenancy.Key{Namespace: s.object.GetNamespace(), Name: s.object.GetName()},
			Version: s.version,
			Value:   value,
			Err:     err,
		}
	}
	return sink{
		put:    func(s stored) { to.Put(item(s)) },
		delete: to.Delete,
		replace: func(list []stored, version uint64) {
			items := make([]tenancy.Item[T], 0, len(list))
			for _, s := range list {
				items = append(items, item(s))
			}
			to.Replace(items, version)
		},
		bookmark: to.Bookmark,
	}
}
