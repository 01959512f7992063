// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package synthetic

import (
	"fmt"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/pkg/apis/capsule"
)

// Guest returns the user of a ProxySetting.
func Guest(i int) string { return fmt.Sprintf("guest-%05d", i) }

// ProxySetting returns a ProxySetting that shows a guest the Tenant's nodes and some storage classes.
func ProxySetting(i int, namespace string) *capsule.ProxySetting {
	s := &capsule.ProxySetting{Meta: capsule.Meta{
		Name: fmt.Sprintf("guest-%05d", i), Namespace: namespace, UID: uid("proxysetting", i), CreationTimestamp: Created,
	}}
	s.Spec.Subjects = []capsule.ProxySubject{{
		Subject:       capsule.Subject{Kind: capsule.UserKind, Name: Guest(i)},
		ProxySettings: []capsule.ProxyOperations{{Kind: "Nodes", Operations: []string{capsule.ListOperation}}},
		ClusterResources: []capsule.ClusterResource{
			byLabel("storage.k8s.io", "storageclasses", "tier", strconv.Itoa(i%tiers)),
		},
	}}
	return s
}

// GlobalProxySettings returns settings that show the nodes of a pool to a group of auditors.
func GlobalProxySettings(i int) *capsule.GlobalProxySetting {
	s := &capsule.GlobalProxySetting{Meta: capsule.Meta{
		Name: fmt.Sprintf("auditors-%02d", i), UID: uid("globalproxysettings", i), CreationTimestamp: Created,
	}}
	s.Spec.Rules = []capsule.GlobalRule{{
		Subjects:         []capsule.Subject{{Kind: capsule.GroupKind, Name: fmt.Sprintf("auditors-%02d", i)}},
		ClusterResources: []capsule.ClusterResource{byLabel("", "nodes", "pool", strconv.Itoa(i%Pools))},
	}}
	return s
}

func byLabel(group, resource, key, value string) capsule.ClusterResource {
	return capsule.ClusterResource{
		APIGroups: []string{group}, Resources: []string{resource}, Operations: []string{capsule.ListOperation},
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{key: value}},
	}
}
