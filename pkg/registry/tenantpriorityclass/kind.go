// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tenantpriorityclass serves PriorityClasses as TenantPriorityClasses.
package tenantpriorityclass

import (
	"regexp"

	schedulingv1 "k8s.io/api/scheduling/v1"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// Kind describes TenantPriorityClasses.
func Kind() *registry.Kind {
	return registry.NewKind(registry.Description{
		Kind: grants.Kind{
			Upstream:     schedulingv1.SchemeGroupVersion.WithResource("priorityclasses"),
			TenantField:  "spec.priorityClasses",
			ProxySetting: "PriorityClasses",
			OfTenant:     ofTenant,
		},
		Resource:   "tenantpriorityclasses",
		Singular:   "tenantpriorityclass",
		ShortNames: []string{"tpc"},
		Columns:    columns,
		Cells:      cells,
		Conceal:    conceal,
	}, func(l *v1alpha1.TenantPriorityClassList) *[]v1alpha1.TenantPriorityClass { return &l.Items }, convert)
}

func ofTenant(t *capsule.Tenant, p *grants.Policy) (view.Criterion, []grants.Problem) {
	return grants.Classes(t.Spec.PriorityClasses, p.UnsetClasses)
}

func convert(out *v1alpha1.TenantPriorityClass, e *view.Entry) {
	in := registry.Upstream[schedulingv1.PriorityClass](e)
	out.ObjectMeta = registry.Metadata("TenantPriorityClass", &in.ObjectMeta)
	out.Value = in.Value
	out.GlobalDefault = in.GlobalDefault
	out.Description = in.Description
	out.PreemptionPolicy = in.PreemptionPolicy
}

// conceal removes the name of the default class, which may be hidden, from the error of the admission
// plugin Priority (k8s.io/kubernetes/plugin/pkg/admission/priority).
func conceal(message string) string {
	return defaultClass.ReplaceAllString(message, "another PriorityClass is already marked as default")
}

var defaultClass = regexp.MustCompile(`PriorityClass \S+ is already marked as default`)
