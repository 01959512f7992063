// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenantpriorityclass

import (
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
)

// docs describes the fields of the upstream kind.
var docs = schedulingv1.PriorityClass{}.SwaggerDoc()

var columns = []metav1.TableColumnDefinition{
	{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
	{Name: "Value", Type: "integer", Description: docs["value"]},
	{Name: "Global-Default", Type: "boolean", Description: docs["globalDefault"]},
	{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
	{Name: "PreemptionPolicy", Type: "string", Description: docs["preemptionPolicy"]},
}

func cells(o runtime.Object) []any {
	class := o.(*v1alpha1.TenantPriorityClass)
	return []any{
		class.Name,
		int64(class.Value), // table cells allow no other integer type
		class.GlobalDefault,
		registry.Age(class.CreationTimestamp),
		string(ptr.Deref(class.PreemptionPolicy, "")),
	}
}
