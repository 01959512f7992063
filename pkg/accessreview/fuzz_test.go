// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package accessreview

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"k8s.io/apiserver/pkg/authentication/user"
)

// FuzzIdentity compares two users. They may have the same identity only if they are the same user,
// whatever an identity provider or a front proxy writes into names, groups and extra attributes:
// the identity is the key of answers of reviews, pages and positions.
func FuzzIdentity(f *testing.F) {
	for _, seed := range [][8]string{
		{"a", "", "b,c", "k=v", "a", "", "c,b", "k=v"},
		{"ab", "", "", "", "a", "b", "", ""},
		{"a", "u", "b", "k=v;l=", "a", "u", "b,k", "l=v"},
		{"\x01a", "\x00", "\x01b,\x00", "=;=", "\x01", "a\x00", "b\x00", ";"},
		{strings.Repeat("x", 127), "", "", "", strings.Repeat("x", 128), "", "", ""},
		{"system:serviceaccount:a:b", "", "", "k=v", "system:serviceaccount:a:b", "", "", ""},
		{"a", "", strings.Repeat("g,", 40), "", "a", "", strings.Repeat("g,", 41), ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], seed[6], seed[7])
	}
	f.Fuzz(func(t *testing.T, name1, uid1, groups1, extra1, name2, uid2, groups2, extra2 string) {
		one, two := userOf(name1, uid1, groups1, extra1), userOf(name2, uid2, groups2, extra2)
		sameHolder := one.Name == two.Name && one.UID == two.UID && slices.Equal(sorted(one.Groups), sorted(two.Groups))
		same := sameHolder && maps.EqualFunc(one.Extra, two.Extra, slices.Equal)
		if got := IdentityOf(one) == IdentityOf(two); got != same {
			t.Errorf("%#v and %#v have the same identity: %t, want %t", one, two, got, same)
		}
		if got := HolderOf(one) == HolderOf(two); got != sameHolder {
			t.Errorf("%#v and %#v are the same holder: %t, want %t", one, two, got, sameHolder)
		}
		if known := Identified(one); IdentityOf(known) != IdentityOf(one) || HolderOf(known) != HolderOf(one) {
			t.Errorf("%#v has several identities", one)
		}
		if flow := FlowDistinguisher(one); flow != FlowDistinguisher(two) && same {
			t.Errorf("%#v counts as %q, and again as %q", one, flow, FlowDistinguisher(two))
		}
	})
}

// userOf returns a user with groups between commas, and extra attributes KEY=VALUE,VALUE between
// semicolons.
func userOf(name, uid, groups, extra string) *user.DefaultInfo {
	u := &user.DefaultInfo{Name: name, UID: uid}
	if groups != "" {
		u.Groups = strings.Split(groups, ",")
	}
	for attribute := range strings.SplitSeq(extra, ";") {
		key, values, ok := strings.Cut(attribute, "=")
		if !ok || key == user.CredentialIDKey {
			continue // which token it is belongs to no identity
		}
		if u.Extra == nil {
			u.Extra = make(map[string][]string)
		}
		u.Extra[key] = strings.Split(values, ",")
	}
	return u
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }
