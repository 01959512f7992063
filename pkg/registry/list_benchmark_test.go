// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"capsule.dev/tenantview/internal/cputime"
	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/tenantnamespace"
)

// The cost of a list depends on the number of objects that it shows and of groups that the user
// has. It depends neither on the size of the cluster nor on what the groups do not own.
func BenchmarkList(b *testing.B) {
	for _, s := range []struct{ total, groups int }{
		{total: 1_000, groups: 3},
		{total: 10_000, groups: 3},
		{total: 100_000, groups: 3},
		{total: 10_000, groups: 300},
	} {
		cluster := synthetic.New(s.total)
		deny := authorizer.AuthorizerFunc(func(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
			return authorizer.DecisionNoOpinion, "", nil
		})
		r := registry.NewREST(tenantnamespace.Kind(), cluster.View(corev1.Resource("namespaces")), registry.Config{
			Viewers: cluster,
			Reviews: accessreview.New(deny, 0, accessreview.NewNameLimit()),
			Synced:  func() bool { return true },
		})
		ctx := asInfo(member(s.groups))
		b.Run(fmt.Sprintf("visible=%d/total=%d/groups=%d", synthetic.NamespacesOfTenant, s.total, s.groups), func(b *testing.B) {
			b.ReportAllocs()
			options := request{}.options(b)
			defer cputime.Measure(b)()
			for b.Loop() {
				got, err := r.List(ctx, options)
				if err != nil {
					b.Fatal(err)
				}
				if n := len(got.(*v1alpha1.TenantNamespaceList).Items); n != synthetic.NamespacesOfTenant {
					b.Fatalf("%d items", n)
				}
			}
		})
	}
}

// member returns a user with that many groups. One of them owns a Tenant.
func member(groups int) *user.DefaultInfo {
	u := &user.DefaultInfo{Name: "member", Groups: []string{user.AllAuthenticated, synthetic.Team(7)}}
	for i := len(u.Groups); i < groups; i++ {
		u.Groups = append(u.Groups, fmt.Sprintf("department-%03d", i))
	}
	// Unsorted, as an identity provider may send them.
	rand.New(rand.NewPCG(1, 2)).Shuffle(groups, func(i, j int) { u.Groups[i], u.Groups[j] = u.Groups[j], u.Groups[i] })
	return u
}
