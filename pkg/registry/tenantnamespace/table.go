// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenantnamespace

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
)

var columns = []metav1.TableColumnDefinition{
	{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
	{Name: "Status", Type: "string", Description: "The status of the namespace"},
	{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
	{Name: "Tenant", Type: "string", Description: "The Tenant that the namespace belongs to"},
}

func cells(o runtime.Object) []any {
	ns := o.(*v1alpha1.TenantNamespace)
	return []any{ns.Name, string(ns.Status.Phase), registry.Age(ns.CreationTimestamp), ns.Tenant}
}
