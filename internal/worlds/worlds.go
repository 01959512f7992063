// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package worlds generates random clusters and changes. The objects have few names, uids and labels,
// so that they often refer to each other, both correctly and wrongly. The same seed generates the
// same world, so that failures can be replayed.
package worlds

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/pkg/grants"
)

// Change is one change: Object is created or replaced, or Deleted is deleted.
type Change struct {
	Object  reference.Object
	Deleted reference.Ref
}

// String describes the change, for failure messages of tests.
func (c Change) String() string {
	if c.Object == nil {
		return fmt.Sprintf("delete %+v", c.Deleted)
	}
	data, err := c.Object.(*unstructured.Unstructured).MarshalJSON()
	if err != nil {
		return err.Error()
	}
	return "put " + strings.TrimSpace(string(data))
}

// Random generates a world. It is not safe for concurrent use.
type Random struct {
	*rand.Rand
	// World is the world after all generated changes.
	World *reference.World
}

// New returns an empty world.
func New(seed uint64) *Random {
	return &Random{Rand: rand.New(rand.NewPCG(seed, 1)), World: reference.NewWorld()}
}

// Policy generates a policy.
func (r *Random) Policy() grants.Policy {
	return grants.Policy{
		OwnerGrants:           pick(r, grants.OwnerGrantsProxySettings, grants.OwnerGrantsImplicit),
		UnsetClasses:          pick(r, grants.UnsetAll, grants.UnsetNone),
		UnsetNodeSelector:     pick(r, grants.UnsetAll, grants.UnsetNone),
		NativeRBAC:            pick(r, grants.NativeRBACUnion, grants.NativeRBACIgnore),
		CapsuleUsersOnly:      r.IntN(4) == 0,
		ProxySettingRules:     pick(r, grants.ProxySettingRulesTenantBounded, grants.ProxySettingRulesTenantBounded, grants.ProxySettingRulesUnbounded, grants.ProxySettingRulesOff),
		ProxySettingGrants:    pick(r, grants.ProxySettingGrantsTenant, grants.ProxySettingGrantsOwners),
		TenantSubjects:        pick(r, grants.TenantSubjectsNoEverybody, grants.TenantSubjectsAny),
		GlobalProxySettings:   pick(r, grants.On, grants.On, grants.On, grants.Off),
		RoleBindingNamespaces: pick(r, grants.RoleBindingsRBACGet, grants.RoleBindingsRBACGet, grants.RoleBindingsAny, grants.RoleBindingsOff),
		PVClaimRef:            pick(r, grants.PVClaimRefAuthoritative, grants.PVClaimRefAuthoritative, grants.PVClaimRefLabelOnly),
	}
}

// Users returns the users of every world. Nothing names some of them, some are in several groups, and
// some have the names of groups.
func Users() []user.Info {
	return []user.Info{
		&user.DefaultInfo{Name: "alice"},
		&user.DefaultInfo{Name: "bob", Groups: []string{"devs", "ops", "system:authenticated"}},
		&user.DefaultInfo{Name: "devs", Groups: []string{"alice", ""}},
		&user.DefaultInfo{Name: bot, Groups: []string{"system:serviceaccounts", "system:serviceaccounts:a", "devs"}},
		&user.DefaultInfo{Name: "system:serviceaccount:kube-system:op", Groups: []string{"system:serviceaccounts:kube-system", "devs"}},
		&user.DefaultInfo{Name: "stranger", Groups: []string{"strangers", "system:authenticated"}},
		&user.DefaultInfo{Groups: []string{"ops", "ops"}},
	}
}

const bot = "system:serviceaccount:a:bot"

// Next generates a change and applies it to World. Changes of granting objects are as frequent as
// those of granted objects. Deletions are rarer than other changes.
func (r *Random) Next() Change {
	if refs := r.World.Refs(); len(refs) > 0 && r.IntN(5) == 0 {
		ref := refs[r.IntN(len(refs))]
		r.World.Delete(ref)
		return Change{Deleted: ref}
	}
	o := r.object()
	r.World.Put(o)
	return Change{Object: o}
}

func (r *Random) object() *unstructured.Unstructured {
	makers := []func() *unstructured.Unstructured{
		r.tenant, r.tenant, r.tenant, r.namespace, r.namespace, r.namespace, r.volume, r.volume, r.node, r.class, r.class,
		r.proxySetting, r.proxySetting, r.globalProxySettings, r.binding, r.role, r.configuration,
	}
	return makers[r.IntN(len(makers))]()
}

// pick returns one of the choices.
func pick[T any](r *Random, choices ...T) T { return choices[r.IntN(len(choices))] }

// some returns up to n generated values.
func some(r *Random, n int, value func() any) []any {
	list := make([]any, 0, n)
	for range r.IntN(n + 1) {
		list = append(list, value())
	}
	return list
}

// sometimes returns true once in n times.
func (r *Random) sometimes(n int) bool { return r.IntN(n) == 0 }
