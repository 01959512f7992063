// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy_test

import (
	"fmt"
	"io"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"

	"capsule.dev/tenantview/internal/cputime"
	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/tenancy"
)

// The cost of a change depends on what it changes, not on the size of the cluster.
func BenchmarkApply(b *testing.B) {
	// Logs about namespaces whose Tenant is deleted would break the lines of results.
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	defer klog.LogToStderr(true)
	events := []struct {
		name  string
		apply func(*synthetic.Cluster) func(i int)
	}{
		{"namespace", relabelNamespace},
		{"node-heartbeat", heartbeat},
		{"tenant-owner", changeOwner},
		{"tenant-creation-and-deletion", createAndDelete},
	}
	for _, namespaces := range []int{1_000, 100_000} {
		cluster := synthetic.New(namespaces)
		for _, event := range events {
			apply := event.apply(cluster)
			b.Run(fmt.Sprintf("event=%s/namespaces=%d/tenants=%d", event.name, namespaces, namespaces/synthetic.NamespacesOfTenant), func(b *testing.B) {
				b.ReportAllocs()
				defer cputime.Measure(b)()
				for i := 0; b.Loop(); i++ {
					apply(i)
				}
			})
		}
	}
}

func relabelNamespace(c *synthetic.Cluster) func(int) {
	variants := [2]*corev1.Namespace{synthetic.Namespace(500, 50), synthetic.Namespace(500, 50)}
	name := variants[0].Name
	variants[1].Labels["env"] = "test"
	kept := [2]tenancy.Namespace{synthetic.Keep(tenancy.NewNamespace, variants[0]), synthetic.Keep(tenancy.NewNamespace, variants[1])}
	return func(i int) { c.Namespaces.Put(synthetic.Item(c, name, kept[i%2])) }
}

// heartbeat changes only the status of a node, as kubelets do all the time.
func heartbeat(c *synthetic.Cluster) func(int) {
	variants := [2]*corev1.Node{synthetic.Node(5), synthetic.Node(5)}
	variants[1].Status.Conditions[0].LastHeartbeatTime = metav1.Now()
	name := variants[0].Name
	kept := [2]tenancy.Object{synthetic.Keep[metav1.Object](tenancy.NewObject, variants[0]), synthetic.Keep[metav1.Object](tenancy.NewObject, variants[1])}
	return func(i int) { c.Nodes.Put(synthetic.Item(c, name, kept[i%2])) }
}

func changeOwner(c *synthetic.Cluster) func(int) {
	variants := [2]*capsule.Tenant{synthetic.Tenant(50), synthetic.Tenant(50)}
	variants[1].Spec.Owners[0].Name = "successor"
	variants[1].Status.Owners[0].Name = "successor"
	return func(i int) { c.Tenants.Put(synthetic.Item(c, variants[0].Name, variants[i%2])) }
}

// createAndDelete creates and deletes a Tenant whose namespaces exist already, so that each step
// moves them.
func createAndDelete(c *synthetic.Cluster) func(int) {
	const extra = 99_999
	tenant := synthetic.Tenant(extra)
	for i := range synthetic.NamespacesOfTenant {
		ns := synthetic.Namespace(900_000+i, extra)
		name := ns.Name
		c.Namespaces.Put(synthetic.Item(c, name, synthetic.Keep(tenancy.NewNamespace, ns)))
	}
	return func(int) {
		item := synthetic.Item(c, tenant.Name, tenant)
		c.Tenants.Put(item)
		c.Tenants.Delete(item.Key, c.Next())
	}
}
