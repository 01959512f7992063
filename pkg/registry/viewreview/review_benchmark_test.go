// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package viewreview_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/registry/viewreview"
	"capsule.dev/tenantview/pkg/tenancy"
)

// A review costs what the user's grants and his list cost, and nothing that grows with the cluster. The
// list is that of the same objects, encoded as it is sent.
func BenchmarkReview(b *testing.B) {
	for _, namespaces := range []int{1_000, 100_000} {
		c := synthetic.New(namespaces)
		benchmarkReview(b, fmt.Sprintf("namespaces=%d", namespaces), c, "namespaces")
	}
	// All that one Tenant's users can write, for a group of all users, over 5,000 nodes.
	c := synthetic.New(1_000)
	items := make([]tenancy.Item[tenancy.Object], 5_000)
	for i := range items {
		node := synthetic.Node(i)
		name := node.Name
		items[i] = synthetic.Item(c, name, synthetic.Keep[metav1.Object](tenancy.NewObject, node))
	}
	c.Nodes.Replace(items, c.Next())
	s := &capsule.ProxySetting{Meta: capsule.Meta{Name: "hostile", Namespace: synthetic.Namespace(0, 0).Name}}
	subject := capsule.ProxySubject{Subject: capsule.Subject{Kind: "Group", Name: "employees"}}
	for i := range 256 {
		subject.ClusterResources = append(subject.ClusterResources, capsule.ClusterResource{
			APIGroups: []string{"*"}, Resources: []string{"*"},
			Selector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "nothing", Operator: "NotIn", Values: []string{fmt.Sprint(i)}}}},
		})
	}
	s.Spec.Subjects = []capsule.ProxySubject{subject}
	item := synthetic.Item(c, s.Name, s)
	item.Key.Namespace = s.Namespace
	c.ProxySettings().Put(item)
	benchmarkReview(b, "hostile", c, "nodes")
}

func benchmarkReview(b *testing.B, name string, c *synthetic.Cluster, resource string) {
	b.Helper()
	var all []*registry.REST
	rests := make(map[string]*registry.REST)
	for _, kind := range kinds.All(kinds.Options{}) {
		rest := registry.NewREST(kind, c.View(kind.Upstream.GroupResource()), registry.Config{Viewers: c, Synced: func() bool { return true }})
		all, rests[kind.Upstream.Resource] = append(all, rest), rest
	}
	self, _ := viewreview.New(viewreview.Config{Kinds: all, Explainer: c.Cluster})
	ctx := genericapirequest.WithUser(context.Background(), &user.DefaultInfo{Name: synthetic.Owner(0), Groups: []string{"employees"}})
	review := func(object string) {
		o, err := self.Create(ctx, &v1alpha1.SelfTenantViewReview{Spec: v1alpha1.SelfTenantViewReviewSpec{Resource: resource, Name: object}}, nil, nil)
		if err == nil {
			_, err = json.Marshal(o)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	start := time.Now()
	review("first") // makes the index
	first := time.Since(start)
	b.Run(name+"/review", func(b *testing.B) {
		for b.Loop() {
			review("absent")
		}
		b.ReportMetric(float64(first.Microseconds())/1000, "first-ms")
	})
	b.Run(name+"/list", func(b *testing.B) {
		for b.Loop() {
			o, err := rests[resource].List(ctx, &metainternalversion.ListOptions{})
			if err == nil {
				_, err = json.Marshal(o)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
