// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package viewreview

import (
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

var columns = []metav1.TableColumnDefinition{
	{Name: "Resource", Type: "string", Description: "The resource that the review is about."},
	{Name: "Object", Type: "string", Description: "The name of the object, if the review is about one."},
	{Name: "Allowed", Type: "boolean", Description: "Whether the user may do the operation."},
	{Name: "Reasons", Type: "string", Description: "The answer in words."},
}

// ConvertToTable returns the table that kubectl prints.
func (*shared) ConvertToTable(_ context.Context, object, options runtime.Object) (*metav1.Table, error) {
	table := &metav1.Table{}
	if o, ok := options.(*metav1.TableOptions); !ok || !o.NoHeaders {
		table.ColumnDefinitions = columns
	}
	row := func(spec *v1alpha1.SelfTenantViewReviewSpec, status *v1alpha1.SelfTenantViewReviewStatus) {
		table.Rows = append(table.Rows, metav1.TableRow{
			Cells:  []any{spec.Resource, spec.Name, status.Allowed, strings.Join(status.Reasons, "; ")},
			Object: runtime.RawExtension{Object: object},
		})
	}
	switch o := object.(type) {
	case *v1alpha1.SelfTenantViewReview:
		row(&o.Spec, &o.Status)
	case *v1alpha1.TenantViewReview:
		row(&o.Spec.SelfTenantViewReviewSpec, &o.Status.SelfTenantViewReviewStatus)
	default:
		return nil, fmt.Errorf("%T is no review", object)
	}
	return table, nil
}
