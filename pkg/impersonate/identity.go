// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package impersonate

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/transport"
)

// OperatorsGroup is the group that the server adds to a user for a write. RBAC lets this group change
// the upstream objects. Nobody else may be in it.
const OperatorsGroup = "tenantview.capsule.dev:operators"

// Check returns an error that says why the server cannot act as a user, or nil. A user who is in
// OperatorsGroup already is refused and not stripped of it: whoever gave him that group has given him
// all rights of the group at kube-apiserver, and should learn of it. An identity that would arrive
// changed is refused, too, because RBAC and admission would decide about another user.
func Check(u user.Info) error {
	if slices.Contains(u.GetGroups(), OperatorsGroup) {
		return fmt.Errorf("the group %q is reserved for the server: no user, certificate or identity provider may name it", OperatorsGroup)
	}
	if u.GetName() == "" {
		return fmt.Errorf("a user without a name cannot be impersonated")
	}
	if err := checkValues("name", u.GetName()); err != nil {
		return err
	}
	if err := checkValues("uid", u.GetUID()); err != nil {
		return err
	}
	if err := checkValues("group", u.GetGroups()...); err != nil {
		return err
	}
	for key, values := range u.GetExtra() {
		// kube-apiserver reads the keys of extra attributes in lower case
		// (k8s.io/apiserver/pkg/endpoints/filters/impersonation, processImpersonationHeaders).
		if key == "" || strings.ContainsFunc(key, func(r rune) bool { return 'A' <= r && r <= 'Z' }) || !utf8.ValidString(key) {
			return fmt.Errorf("the extra attribute %q cannot be passed on to kube-apiserver unchanged: keys must be in lower case and not empty", key)
		}
		if len(values) == 0 {
			return fmt.Errorf("the extra attribute %q cannot be passed on to kube-apiserver: it has no value", key)
		}
		if err := checkValues("extra attribute "+key, values...); err != nil {
			return err
		}
	}
	return nil
}

// checkValues returns an error if HTTP would change or refuse one of the values in a header.
func checkValues(what string, values ...string) error {
	for _, value := range values {
		control := strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f })
		if control || !utf8.ValidString(value) || strings.TrimSpace(value) != value {
			return fmt.Errorf("the %s %q cannot be passed on to kube-apiserver unchanged", what, value)
		}
	}
	return nil
}

// impersonation returns what kube-apiserver is told about a user.
func impersonation(u user.Info) transport.ImpersonationConfig {
	return transport.ImpersonationConfig{
		UserName: u.GetName(),
		UID:      u.GetUID(),
		Groups:   append(slices.Clone(u.GetGroups()), OperatorsGroup),
		Extra:    u.GetExtra(),
	}
}
