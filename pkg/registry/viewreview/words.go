// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package viewreview

import (
	"fmt"
	"strings"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/view"
)

// you returns the subject of a sentence about the user. "can" follows it, which needs no other form.
func (q *question) you() string {
	if q.self {
		return "You"
	}
	return "The user"
}

func (q *question) object() string {
	return fmt.Sprintf("%s %q", q.kind.Kind().UpstreamName(), q.name)
}

// notVisible is the answer for an object that the user does not see. For the user himself it is the
// same whether or not the object exists.
func (q *question) notVisible() string {
	if q.self {
		return q.object() + " does not exist, or is not visible to you"
	}
	if _, exists := q.kind.GetForAdmin(q.name); !exists {
		return q.object() + " does not exist"
	}
	return q.object() + " exists, but no grant shows it to the user"
}

// summary says what the user sees of the kind.
func (q *question) summary(objects, held int) string {
	names := upstreamNames(q.kind.Kind())
	if held == 0 {
		return fmt.Sprintf("%s can see no %s%s", q.you(), names, q.hint(names))
	}
	return fmt.Sprintf("%s can list %s, through %s", q.you(), counted(objects, q.kind.Kind().UpstreamName(), names), counted(held, "grant", "grants"))
}

// hint says what would show objects of the kind. It is the same for every user.
func (q *question) hint(names string) string {
	switch {
	case q.kind.Kind().ProxySetting == "":
		return ": they are shown to owners of their Tenant, and to those whom a ProxySetting in it names"
	case q.Policy.OwnerGrants == grants.OwnerGrantsImplicit:
		return ": they are shown to owners of a Tenant that may see any, and to those for whom a ProxySetting in it lists the kind"
	default:
		return fmt.Sprintf(": an owner of a Tenant needs %s with List in the proxySettings of his entry in the Tenant, and others need a ProxySetting", names)
	}
}

// verdict says what the user may do with an object that he sees.
func (q *question) verdict(access registry.Access, shown int) string {
	op := strings.ToLower(q.op.String())
	switch {
	case !q.served():
		return fmt.Sprintf("%s can see %s, but this server does not serve the operation %s on %s", q.you(), q.object(), q.op, upstreamNames(q.kind.Kind()))
	case !access.Operations.Has(q.op) && q.op == view.OpList:
		return fmt.Sprintf("%s can get %s by its name, but lists do not show it: the operations have Get without List", q.you(), q.object())
	case !access.Operations.Has(q.op):
		return fmt.Sprintf("%s can see %s, but not %s it: no grant that shows it has both List and %s. RBAC on the upstream resource does not count for that here",
			q.you(), q.object(), op, q.op)
	case shown == 0:
		return fmt.Sprintf("%s can %s %s, through a grant that is just changing", q.you(), op, q.object())
	case q.op == view.OpList:
		return fmt.Sprintf("%s can list, watch and get %s, through %s", q.you(), q.object(), counted(shown, "grant", "grants"))
	default:
		return fmt.Sprintf("%s can %s %s, through %s", q.you(), op, q.object(), counted(shown, "grant", "grants"))
	}
}

// inWords describes grants, one in each line. held is how many there are.
func (q *question) inWords(held int, described []v1alpha1.TenantViewGrant) []string {
	var lines []string
	for i := range described[:min(len(described), maxInWords)] {
		lines = append(lines, q.sentence(&described[i]))
	}
	if more := held - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("%s more; at most %d are listed", counted(more, "grant", "grants"), maxGrants))
	}
	return lines
}

func (q *question) sentence(g *v1alpha1.TenantViewGrant) string {
	if g.Source == v1alpha1.SourceRBAC {
		if g.Objects == nil {
			return fmt.Sprintf("RBAC lets %s get %s", strings.ToLower(q.you()), q.object())
		}
		return fmt.Sprintf("RBAC lets %s list all %s", strings.ToLower(q.you()), upstreamNames(q.kind.Kind()))
	}
	text := &strings.Builder{}
	text.WriteString(g.Source)
	role := "subject"
	if g.Source == v1alpha1.SourceTenant {
		fmt.Fprintf(text, " %s", g.Tenant)
		role = "owner"
	} else {
		fmt.Fprintf(text, " %s", strings.Trim(g.Namespace+"/"+g.Name, "/"))
		if g.Tenant != "" {
			fmt.Fprintf(text, " of Tenant %s", g.Tenant)
		}
	}
	fmt.Fprintf(text, ": %s %s %s", role, g.Subject.Kind, g.Subject.Name)
	if g.Path != "" {
		fmt.Fprintf(text, ", %s", g.Path)
	}
	if strings.HasSuffix(g.Path, "proxySettings") {
		fmt.Fprintf(text, " %s", q.kind.Kind().ProxySetting)
	}
	fmt.Fprintf(text, " [%s]; %s", strings.Join(g.Operations, ", "), g.Selects)
	if q.name == "" && g.Objects != nil {
		fmt.Fprintf(text, " (%d)", *g.Objects)
	}
	return text.String()
}

// belongs says which Tenant an object belongs to.
func belongs(e *view.Entry) string {
	if e.Partition == "" {
		return "It belongs to no Tenant"
	}
	return "It belongs to the Tenant " + e.Partition
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
