// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package accessreview

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/apiserver/pkg/authentication/user"
)

// What one request needs: the identity for authorization and for a review, and the holder for what is kept
// for the user. The user is a new one for each request, as from the authenticator.
func BenchmarkIdentities(b *testing.B) {
	for _, groups := range []int{3, 300} {
		b.Run(fmt.Sprintf("groups=%d", groups), func(b *testing.B) {
			u := user.DefaultInfo{Name: "member", Extra: map[string][]string{user.CredentialIDKey: {"X509SHA256=1"}}}
			for i := range groups - 1 {
				u.Groups = append(u.Groups, fmt.Sprintf("department-%03d", i))
			}
			u.Groups = append(u.Groups, "a-team", user.AllAuthenticated)
			IdentityOf(&u)
			// The strings of the next request are others in memory.
			u.Groups = slices.Clone(u.Groups)
			for i := range u.Groups {
				u.Groups[i] = strings.Clone(u.Groups[i])
			}
			b.ReportAllocs()
			for b.Loop() {
				request := u
				who := Identified(&request)
				authorization, review := IdentityOf(who), IdentityOf(who)
				if authorization != review || HolderOf(who) == (Identity{}) {
					b.Fatal("no identity")
				}
			}
		})
	}
}
