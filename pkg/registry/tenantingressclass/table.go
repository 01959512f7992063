// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenantingressclass

import (
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
)

var columns = []metav1.TableColumnDefinition{
	{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]},
	{Name: "Controller", Type: "string", Description: "Controller that is responsible for handling this class"},
	{Name: "Parameters", Type: "string", Description: "A reference to a resource with additional parameters"},
	{Name: "Age", Type: "string", Description: metav1.ObjectMeta{}.SwaggerDoc()["creationTimestamp"]},
}

func cells(o runtime.Object) []any {
	class := o.(*v1alpha1.TenantIngressClass)
	name := class.Name
	if class.Annotations[networkingv1.AnnotationIsDefaultIngressClass] == "true" {
		name += " (default)"
	}
	return []any{name, class.Spec.Controller, parameters(class.Spec.Parameters), registry.Age(class.CreationTimestamp)}
}

// parameters returns KIND.GROUP/NAME, whatever the scope of the parameters, as kubectl prints it.
func parameters(ref *networkingv1.IngressClassParametersReference) string {
	if ref == nil {
		return "<none>"
	}
	kind := ref.Kind
	if ref.APIGroup != nil {
		kind += "." + *ref.APIGroup
	}
	return kind + "/" + ref.Name
}
