// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/tenancy"
	"capsule.dev/tenantview/pkg/view"
)

// The cluster in which the users of one Tenant do everything they can to disturb the others.
const (
	hostileNodes      = 5000
	hostileNamespaces = 1000
	// hostileRules is the number of rules of one setting. All nodes and all namespaces of the
	// Tenant match them.
	hostileRules = 128
	// everyone is a group of all users. No policy can recognize it as one.
	everyone = "employees"
)

var (
	nodeResource      = schema.GroupResource{Resource: "nodes"}
	namespaceResource = schema.GroupResource{Resource: "namespaces"}
)

// hostile is that cluster.
type hostile struct {
	*synthetic.Cluster
	settings          *tenancy.Sink[*capsule.ProxySetting]
	nodes, namespaces *view.View
}

func newHostile() *hostile {
	h := &hostile{Cluster: synthetic.New(hostileNamespaces)}
	items := make([]tenancy.Item[tenancy.Object], hostileNodes)
	for i := range items {
		node := synthetic.Node(i)
		name := node.Name
		items[i] = synthetic.Item(h.Cluster, name, synthetic.Keep[metav1.Object](tenancy.NewObject, node))
	}
	h.Nodes.Replace(items, h.Next())
	h.settings = h.ProxySettings()
	h.nodes, h.namespaces = h.View(nodeResource), h.View(namespaceResource)
	return h
}

// write writes a setting in a namespace of the first Tenant. Its rules differ in each generation.
func (h *hostile) write(setting, generation, rules int) {
	s := &capsule.ProxySetting{Meta: capsule.Meta{Name: fmt.Sprint("setting-", setting), Namespace: synthetic.Namespace(0, 0).Name}}
	subject := capsule.ProxySubject{Subject: capsule.Subject{Kind: "Group", Name: everyone}}
	for i := range rules {
		values := []string{"x"}
		for j := range 3 {
			values = append(values, fmt.Sprintf("%d-%d-%d-%d", setting, generation, i, j))
		}
		subject.ClusterResources = append(subject.ClusterResources, capsule.ClusterResource{
			APIGroups: []string{""}, Resources: []string{"nodes", "namespaces"},
			Selector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "nothing", Operator: "NotIn", Values: values}}},
		})
	}
	s.Spec.Subjects = []capsule.ProxySubject{subject}
	item := synthetic.Item(h.Cluster, s.Name, s)
	item.Key.Namespace = s.Namespace
	h.settings.Put(item)
}

func member(i int) view.Viewer {
	return view.Viewer{Subjects: []view.Subject{view.User(synthetic.Owner(i)), view.Group(everyone)}}
}

// BenchmarkHostile measures what one Tenant's users can do to the others, compared with a peaceful
// cluster: 1 setting with 1 rule.
func BenchmarkHostile(b *testing.B) {
	peaceful, many := [2]int{1, 1}, func(settings int) [2]int { return [2]int{settings, hostileRules} }
	for _, tc := range []struct {
		name     string
		settings [2]int
		run      func(*testing.B, *hostile, [2]int)
	}{
		{"rewrite/peaceful", peaceful, benchmarkRewrite},
		{"rewrite/hostile", many(40), benchmarkRewrite},
		{"list-nodes/peaceful", peaceful, benchmarkList},
		{"list-nodes/hostile", many(20), benchmarkList},
		{"watch-nodes/peaceful", peaceful, benchmarkWatch},
		{"watch-nodes/hostile", many(20), benchmarkWatch},
		{"event/peaceful", peaceful, benchmarkEvent},
		{"event/hostile", many(20), benchmarkEvent},
	} {
		b.Run(tc.name, func(b *testing.B) {
			h := newHostile()
			for i := range tc.settings[0] {
				h.write(i, 0, tc.settings[1])
			}
			tc.run(b, h, tc.settings)
		})
	}
}

// BenchmarkHostileMemory measures the memory of 40 settings. The time has no meaning: they are
// written once.
func BenchmarkHostileMemory(b *testing.B) {
	h := newHostile()
	before := heapInUse()
	for i := range 40 {
		h.write(i, 0, hostileRules)
	}
	kept := float64(heapInUse()-before) / (1 << 20)
	b.Run("settings=40", func(b *testing.B) {
		for b.Loop() {
		}
		b.ReportMetric(kept, "MiB")
	})
	runtime.KeepAlive(h)
}

// heapInUse returns the number of bytes in use.
func heapInUse() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// benchmarkRewrite rewrites one setting again and again. empty-p99-us is the time of an empty list
// meanwhile, for a user who has nothing to do with the setting.
func benchmarkRewrite(b *testing.B, h *hostile, settings [2]int) {
	var done atomic.Bool
	waited := make(chan []time.Duration, 1)
	go func() {
		var all []time.Duration
		for !done.Load() {
			start := time.Now()
			h.nodes.List(view.Viewer{Subjects: []view.Subject{view.User("nobody")}})
			all = append(all, time.Since(start))
			time.Sleep(100 * time.Microsecond)
		}
		waited <- all
	}()
	generation := 0
	for b.Loop() {
		generation++
		h.write(0, generation, settings[1])
	}
	done.Store(true)
	all := <-waited
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)*99/100].Nanoseconds())/1000, "empty-p99-us")
}

// benchmarkList lists nodes as a member of the group.
func benchmarkList(b *testing.B, h *hostile, _ [2]int) {
	for b.Loop() {
		if entries, _ := h.nodes.List(member(1)); len(entries) == 0 {
			b.Fatal("no nodes")
		}
	}
}

// benchmarkWatch starts to watch nodes as a member of the group.
func benchmarkWatch(b *testing.B, h *hostile, _ [2]int) {
	for b.Loop() {
		w, err := h.nodes.Watch(member(1), view.WatchOptions{FromNow: true})
		if err != nil {
			b.Fatal(err)
		}
		w.Stop()
	}
}

// benchmarkEvent changes an annotation of a namespace of the Tenant while 300 members of the group
// watch. Each of them also sees something that the others do not.
func benchmarkEvent(b *testing.B, h *hostile, _ [2]int) {
	var watchers []*view.Watcher
	for i := range 300 {
		w, err := h.namespaces.Watch(member(i), view.WatchOptions{FromNow: true})
		if err != nil {
			b.Fatal(err)
		}
		watchers = append(watchers, w)
	}
	ns := synthetic.Namespace(0, 0)
	name, kept := ns.Name, synthetic.Keep(tenancy.NewNamespace, ns)
	for b.Loop() {
		h.Namespaces.Put(synthetic.Item(h.Cluster, name, kept))
		b.StopTimer()
		for _, w := range watchers {
			for _, ok := w.Next(); ok; _, ok = w.Next() {
			}
		}
		b.StartTimer()
	}
	for _, w := range watchers {
		w.Stop()
	}
}
