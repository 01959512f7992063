// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/internal/synthetic"
)

// The changes that are measured. Two changes of an object that follow each other always differ.

// relabelled is a namespace with another value of a label.
func (s Shape) relabelled(i, change int) *corev1.Namespace {
	ns := s.namespace(i)
	ns.Labels["env"] = fmt.Sprintf("stage-%d", change%7)
	return ns
}

// heartbeat is a node of which only the status has changed, as kubelets change it all the time.
func heartbeat(i, change int) *corev1.Node {
	node := synthetic.Node(i)
	node.Status.Conditions[0].LastHeartbeatTime = metav1.NewTime(synthetic.Created.Add(time.Duration(change+1) * time.Second))
	return node
}

// rebound is a RoleBinding with another subject.
func (s Shape) rebound(i, change int) *rbacv1.RoleBinding {
	b := s.binding(i)
	b.Subjects[0].Name += fmt.Sprintf("-%d", change%7)
	return b
}

// succeeded is a Tenant of which another user is the first owner.
func succeeded(o runtime.Object, change int) runtime.Object {
	content := o.(*unstructured.Unstructured).Object
	successor := fmt.Sprintf("successor-%d", change%7)
	for _, part := range []string{"spec", "status"} {
		owners, _, _ := unstructured.NestedSlice(content, part, "owners")
		first, _ := owners[0].(map[string]any)
		first["name"] = successor
		_ = unstructured.SetNestedSlice(content, owners, part, "owners")
	}
	return o
}
