// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package viewreview

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// resources finds the REST of a resource by any of its names.
type resources struct {
	byName map[string]*registry.REST
	// served are the plurals, for error messages.
	served []string
}

func newResources(all []*registry.REST) resources {
	r := resources{byName: make(map[string]*registry.REST)}
	for _, rest := range all {
		kind := rest.Kind()
		r.served = append(r.served, kind.Resource)
		for _, name := range append([]string{kind.Resource, kind.Singular}, kind.ShortNames...) {
			r.byName[name] = rest
			// The names of the upstream resource, and short names such as ic that it lacks.
			r.byName[strings.TrimPrefix(strings.TrimPrefix(name, "tenant"), "t")] = rest
		}
	}
	slices.Sort(r.served)
	return r
}

// find returns the REST of a resource, which may have a group, or nil.
func (r *resources) find(name string) *registry.REST {
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	return r.byName[name]
}

// validate checks a question and returns its REST and operation. The operation is List by default.
func (r *resources) validate(spec *v1alpha1.SelfTenantViewReviewSpec) (*registry.REST, view.Operations, field.ErrorList) {
	at := field.NewPath("spec")
	var errs field.ErrorList
	rest := r.find(spec.Resource)
	switch {
	case spec.Resource == "":
		errs = append(errs, field.Required(at.Child("resource"), "must be one of "+strings.Join(r.served, ", ")))
	case rest == nil:
		errs = append(errs, field.NotSupported(at.Child("resource"), clipped(spec.Resource, maxEchoed), r.served))
	}
	op := view.OpList
	if spec.Operation != "" {
		known := false
		if op, known = view.ParseOperation(spec.Operation); !known {
			errs = append(errs, field.NotSupported(at.Child("operation"), clipped(spec.Operation, maxEchoed),
				[]string{v1alpha1.OperationList, v1alpha1.OperationGet, v1alpha1.OperationUpdate, v1alpha1.OperationDelete}))
		}
	}
	if len(spec.Name) > validation.DNS1123SubdomainMaxLength {
		errs = append(errs, field.TooLong(at.Child("name"), "", validation.DNS1123SubdomainMaxLength))
	} else {
		for _, reason := range content.IsPathSegmentName(spec.Name) {
			errs = append(errs, field.Invalid(at.Child("name"), spec.Name, reason))
		}
	}
	return rest, op, errs
}

// maxEchoed is how much of a wrong value an error repeats.
const maxEchoed = 64

// upstreamNames returns the name of the kind that users know in the plural, such as StorageClasses.
func upstreamNames(kind *registry.Kind) string {
	if kind.ProxySetting != "" {
		return kind.ProxySetting
	}
	return kind.UpstreamName() + "s"
}

// clipped returns at most n bytes of a text.
func clipped(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "..."
}
