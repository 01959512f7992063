// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package viewreview

import (
	"context"
	"strings"

	"k8s.io/apiserver/pkg/authentication/serviceaccount"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// grant is one reason: a grant of a Capsule object or RoleBinding, or native RBAC.
type grant struct {
	// traced is nil for native RBAC.
	traced     *grants.Traced
	criterion  view.Criterion
	operations view.Operations
}

// held returns all grants that the user holds, with native RBAC.
func (q *question) held(traced []grants.Traced, access registry.Access, all bool) []grant {
	held := make([]grant, 0, len(traced)+1)
	for i := range traced {
		if traced[i].Source == grants.RoleBindingSource && !q.seesNamespace(traced[i].Namespace) {
			continue // the namespace does not exist yet, or not any more
		}
		held = append(held, grant{&traced[i], traced[i].Grant.Criterion, traced[i].Grant.Operations})
	}
	switch {
	case all:
		held = append(held, grant{nil, view.All(), view.OpList | view.OpGet})
	case access.NativeGet:
		held = append(held, grant{nil, view.Name(q.name), view.OpGet})
	}
	return held
}

func (g *grant) shows(e *view.Entry) bool { return g.criterion.Matches(&e.Attributes) }

// describeAll returns the grants in their structured form. listed are the objects in the user's list:
// nothing else is counted.
func (q *question) describeAll(ctx context.Context, held []grant, listed []*view.Entry) ([]v1alpha1.TenantViewGrant, error) {
	held = held[:min(len(held), maxGrants)]
	var all []v1alpha1.TenantViewGrant
	for i := range held {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		described := q.describe(&held[i])
		if held[i].operations.Has(view.OpList) {
			n := int32(0)
			for _, e := range listed {
				if held[i].shows(e) {
					n++
				}
			}
			described.Objects = &n
		}
		all = append(all, described)
	}
	return all, nil
}

func (q *question) describe(g *grant) v1alpha1.TenantViewGrant {
	out := v1alpha1.TenantViewGrant{Source: v1alpha1.SourceRBAC, Operations: g.operations.Names(), Selects: clipped(g.criterion.String(), maxSelects)}
	if g.traced == nil {
		return out
	}
	t := g.traced
	out.Source, out.Tenant, out.Subject = t.Source, t.Tenant, subjectOf(t.Subject)
	out.Path, out.Selects = q.path(t.Origin), clipped(q.selects(t), maxSelects)
	switch {
	case t.Source == grants.TenantSource: // the Tenant says it
	case t.Namespace != "" && q.self && !q.seesNamespace(t.Namespace):
		// He would see the namespace by this very grant: it has just changed.
	default:
		out.Namespace, out.Name = t.Namespace, t.Name
	}
	return out
}

// seesNamespace returns whether the user's grants show him a namespace, and so the name of what is in
// it and names him.
func (q *question) seesNamespace(name string) bool {
	rest := q.resources.find("namespaces")
	return rest != nil && rest.Granted(q.user, name)
}

// selects says in words what a grant selects. It does not describe what a Tenant may see to users who
// see only a part of that: it could name what they do not see. Nor does it tell users the values in the
// selector of an administrator, which can be labels of objects that they do not see.
func (q *question) selects(t *grants.Traced) string {
	text := t.Selected.String()
	switch field := q.kind.Kind().TenantField; {
	case t.Source == grants.RoleBindingSource:
		return text
	case q.self && t.Source == grants.GlobalProxySettingsSource:
		return t.Selected.Outline()
	case t.OfTenant && field == "":
		return "belonging to Tenant " + t.Tenant
	case t.OfTenant:
		return field + ": " + text
	case t.Bounded:
		return text + ", of what Tenant " + t.Tenant + " may see"
	default:
		return text
	}
}

// path returns the part of an object that grants. Users do not learn how many other entries the object
// has before theirs.
func (q *question) path(o grants.Origin) string {
	switch {
	case !q.self:
		return fullPath(o)
	case o.Source == grants.GlobalProxySettingsSource:
		return "spec.rules" // one rule can have several users, too
	default:
		return o.Rule
	}
}

func fullPath(o grants.Origin) string {
	if o.Source == grants.RoleBindingSource {
		return "" // the positions of its subjects are not kept
	}
	return strings.Trim(o.Entry+"."+o.Rule, ".")
}

func subjectOf(s view.Subject) *v1alpha1.TenantViewSubject {
	kind := "User"
	switch {
	case s.Group:
		kind = "Group"
	case strings.HasPrefix(s.Name, serviceaccount.ServiceAccountUsernamePrefix):
		kind = "ServiceAccount"
	}
	return &v1alpha1.TenantViewSubject{Kind: kind, Name: s.Name}
}
