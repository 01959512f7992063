// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// manager is the value of the label that says who writes an EndpointSlice.
const manager = "tenantview-node"

// publish plays the endpoint slice controller: each Service has one slice, with the Pods that are ready. The real one
// waits for up to minutes when a Service is deleted and created again as often as tests do.
func (n *Nodes) publish(ctx context.Context, pods []corev1.Pod) error {
	services, err := n.client.CoreV1().Services("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	published, err := n.client.DiscoveryV1().EndpointSlices("").List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelManagedBy + "=" + manager})
	if err != nil {
		return err
	}
	old := make(map[types.UID]*discoveryv1.EndpointSlice)
	for i := range published.Items {
		old[published.Items[i].OwnerReferences[0].UID] = &published.Items[i]
	}
	for i := range services.Items {
		s := &services.Items[i]
		if len(s.Spec.Selector) == 0 {
			continue
		}
		want, is := slice(s, pods), old[s.UID]
		delete(old, s.UID)
		client := n.client.DiscoveryV1().EndpointSlices(s.Namespace)
		switch {
		case is == nil:
			_, err = client.Create(ctx, want, metav1.CreateOptions{})
		case !reflect.DeepEqual(is.Endpoints, want.Endpoints) || !reflect.DeepEqual(is.Ports, want.Ports):
			want.ResourceVersion = is.ResourceVersion
			_, err = client.Update(ctx, want, metav1.UpdateOptions{})
		}
		if err != nil && !apierrors.IsForbidden(err) { // the namespace is being deleted
			return err
		}
	}
	for _, gone := range old {
		if err := n.client.DiscoveryV1().EndpointSlices(gone.Namespace).Delete(ctx, gone.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// slice returns the slice that a Service should have.
func slice(s *corev1.Service, pods []corev1.Pod) *discoveryv1.EndpointSlice {
	want := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Name: s.Name + "-" + string(s.UID[:8]), Namespace: s.Namespace,
			Labels:          map[string]string{discoveryv1.LabelServiceName: s.Name, discoveryv1.LabelManagedBy: manager},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(s, corev1.SchemeGroupVersion.WithKind("Service"))},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
	}
	selector := labels.SelectorFromSet(s.Spec.Selector)
	for i := range pods {
		p := &pods[i]
		if p.Namespace != s.Namespace || !selector.Matches(labels.Set(p.Labels)) || !ready(p) {
			continue
		}
		want.Endpoints = append(want.Endpoints, discoveryv1.Endpoint{
			Addresses:  []string{p.Status.PodIP},
			Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true)},
		})
		want.Ports = ports(s, p)
	}
	return want
}

// ready returns whether a Pod should get requests.
func ready(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue && p.DeletionTimestamp == nil
		}
	}
	return false
}

// ports returns the ports of a Pod to which those of a Service lead.
func ports(s *corev1.Service, p *corev1.Pod) []discoveryv1.EndpointPort {
	var all []discoveryv1.EndpointPort
	for _, sp := range s.Spec.Ports {
		port := int32(sp.TargetPort.IntValue())
		for _, cp := range p.Spec.Containers[0].Ports {
			if cp.Name == sp.TargetPort.String() {
				port = cp.ContainerPort
			}
		}
		all = append(all, discoveryv1.EndpointPort{Name: ptr.To(sp.Name), Port: ptr.To(port), Protocol: ptr.To(corev1.ProtocolTCP)})
	}
	return all
}
