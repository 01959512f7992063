// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package accessreview

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/user"
)

// Two users with the same identity would get each other's answers and pages.
func TestIdentityOfTellsUsersApart(t *testing.T) {
	type extra = map[string][]string
	users := map[string]*user.DefaultInfo{
		"nobody":                       {},
		"a name":                       {Name: "ab"},
		"the name as uid":              {UID: "ab"},
		"name and uid":                 {Name: "a", UID: "b"},
		"uid and name":                 {Name: "b", UID: "a"},
		"the name as group":            {Groups: []string{"ab"}},
		"two groups that concatenate":  {Groups: []string{"a", "b"}},
		"the same, split elsewhere":    {Groups: []string{"", "ab"}},
		"three that concatenate":       {Groups: []string{"a", "", "b"}},
		"one group twice":              {Groups: []string{"a", "a"}},
		"one group":                    {Groups: []string{"a"}},
		"a group with a separator":     {Groups: []string{"a,b"}},
		"a group with a length":        {Groups: []string{"\x01a\x01b"}},
		"a group with a zero":          {Groups: []string{"a\x00b"}},
		"an empty group":               {Groups: []string{""}},
		"extra":                        {Extra: extra{"a": {"b"}}},
		"extra, two values":            {Extra: extra{"a": {"b", "c"}}},
		"extra, in another order":      {Extra: extra{"a": {"c", "b"}}},
		"extra, values that run on":    {Extra: extra{"a": {"bc"}}},
		"extra, two keys":              {Extra: extra{"a": {"b"}, "c": nil}},
		"extra, values that are keys":  {Extra: extra{"a": {"b", "c"}, "d": nil}},
		"extra, a value moved":         {Extra: extra{"a": {"b"}, "d": {"c"}}},
		"extra without values":         {Extra: extra{"a": nil}},
		"extra, a key of another":      {Extra: extra{"ab": nil}},
		"extra, an empty value":        {Extra: extra{"a": {""}}},
		"groups that look like extra":  {Groups: []string{"a", "b"}, Extra: extra{}, UID: "x"},
		"extra that looks like groups": {Extra: extra{"a": {"b"}}, UID: "x"},
		"a long name":                  {Name: string(make([]byte, 200))},
		"a longer name":                {Name: string(make([]byte, 201))},
	}
	known := map[Identity]string{}
	for name, u := range users {
		id := IdentityOf(u)
		if other, ok := known[id]; ok {
			t.Errorf("%q has the identity of %q", name, other)
		}
		known[id] = name
	}
}

// The front proxy sends groups in any order, and headers have no order among keys.
func TestIdentityOfIgnoresOrder(t *testing.T) {
	one := &user.DefaultInfo{Name: "alice", Groups: []string{"a", "b", "c"}, Extra: map[string][]string{"x": {"1"}, "y": {"2"}, "z": {"3"}}}
	other := &user.DefaultInfo{Name: "alice", Groups: []string{"c", "a", "b"}, Extra: map[string][]string{"z": {"3"}, "y": {"2"}, "x": {"1"}}}
	if IdentityOf(one) != IdentityOf(other) {
		t.Error("the order of groups or extra keys changes the identity")
	}
	if other.Groups[0] != "c" {
		t.Error("the user was changed")
	}
	empty := &user.DefaultInfo{Name: "alice", Groups: []string{}, Extra: map[string][]string{}}
	if IdentityOf(empty) != IdentityOf(&user.DefaultInfo{Name: "alice"}) {
		t.Error("no groups and an empty list of them differ")
	}
}

// A service account can have any number of tokens, whose reviews are one.
func TestIdentityOfIgnoresTheCredential(t *testing.T) {
	withToken := func(id string) *user.DefaultInfo {
		return &user.DefaultInfo{Name: "system:serviceaccount:solar:a", Extra: map[string][]string{user.CredentialIDKey: {id}, "x": {"1"}}}
	}
	if IdentityOf(withToken("JTI=1")) != IdentityOf(withToken("JTI=2")) {
		t.Error("two tokens make two identities")
	}
	if extra := specOf(attributes(withToken("JTI=1"), schema.GroupVersionResource{}, "list", "")).Extra; len(extra) != 1 || extra["x"] == nil {
		t.Errorf("an authorizer is asked with %v, and its answer is believed for other tokens", extra)
	}
}

// The identities of users with many groups are remembered, and never used for other users.
func TestIdentityOfRemembersUsersWithManyGroups(t *testing.T) {
	member := func(change func(*user.DefaultInfo)) *user.DefaultInfo {
		u := &user.DefaultInfo{Name: "member", UID: "7", Extra: map[string][]string{"scopes": {"a", "b"}}}
		for i := range 10 * manyGroups {
			u.Groups = append(u.Groups, fmt.Sprint("group-", i))
		}
		change(u)
		return u
	}
	users := map[string]func(*user.DefaultInfo){
		"himself":            func(*user.DefaultInfo) {},
		"another name":       func(u *user.DefaultInfo) { u.Name = "other" },
		"another uid":        func(u *user.DefaultInfo) { u.UID = "8" },
		"another last group": func(u *user.DefaultInfo) { u.Groups[len(u.Groups)-1] = "other" },
		"another extra":      func(u *user.DefaultInfo) { u.Extra["scopes"][1] = "c" },
		"no extra":           func(u *user.DefaultInfo) { u.Extra = nil },
		"more extra":         func(u *user.DefaultInfo) { u.Extra["more"] = nil },
	}
	known := map[Identity]string{}
	for name, change := range users {
		first := IdentityOf(member(change))
		for range 3 {
			if IdentityOf(member(change)) != first || IdentityOf(Identified(member(change))) != first {
				t.Errorf("%s: the identity changes", name)
			}
		}
		if first != digest(member(change)).full {
			t.Errorf("%s: the remembered identity belongs to another user", name)
		}
		if other, ok := known[first]; ok {
			t.Errorf("%s has the identity of %s", name, other)
		}
		known[first] = name
	}
	reversed := member(func(u *user.DefaultInfo) { slices.Reverse(u.Groups) })
	if known[IdentityOf(reversed)] != "himself" {
		t.Error("the order of groups changes the identity")
	}
	// A request asks for both identities, by users of any credential, and the second request sorts nothing.
	with := func(credential string) *user.DefaultInfo {
		return member(func(u *user.DefaultInfo) { u.Extra[user.CredentialIDKey] = []string{credential} })
	}
	identity, holder := IdentityOf(with("JTI=1")), HolderOf(with("JTI=1"))
	if identity == holder || holder != HolderOf(member(users["another extra"])) {
		t.Error("the holder depends on extra attributes")
	}
	next := with("JTI=2")
	if n := testing.AllocsPerRun(10, func() {
		if IdentityOf(next) != identity || HolderOf(next) != holder {
			t.Error("another credential makes another identity")
		}
	}); n > 2 { // a key for each
		t.Errorf("%v allocations for a user whose identities are known", n)
	}
	changed := member(func(*user.DefaultInfo) {})
	before := IdentityOf(changed)
	changed.Groups[0] = "other"
	if IdentityOf(changed) == before {
		t.Error("the remembered data is shared with the user's, and changes with them")
	}
}

// Whoever sends large groups must not fill the memory with them.
func TestIdentityOfDoesNotRememberLargeUsers(t *testing.T) {
	remembers := func(u *user.DefaultInfo) bool {
		IdentityOf(u)
		_, ok := recent.Get(recentKey{u.Name, u.UID, len(u.Groups)})
		return ok
	}
	large := func(name string, groups, size int) *user.DefaultInfo {
		u := &user.DefaultInfo{Name: name}
		for i := range groups {
			u.Groups = append(u.Groups, fmt.Sprintf("%0*d", size, i))
		}
		return u
	}
	extra := large("much extra", manyGroups, 20)
	extra.Extra = map[string][]string{"x": slices.Repeat([]string{""}, maxRemembered/16)}
	for want, users := range map[bool][]*user.DefaultInfo{
		true:  {large("usual", 300, 30)},
		false: {large("large groups", manyGroups, maxRemembered/manyGroups), large("many groups", maxRemembered/16, 4), extra},
	} {
		for _, u := range users {
			if remembers(u) != want {
				t.Errorf("%s: remembered: %v, want %v", u.Name, !want, want)
			}
		}
	}
}

// Users choose neither digests nor what they are made of, but what is digested for one user must never be
// what is digested for another.
func TestDigestsBeginWithWhatTheyAreOf(t *testing.T) {
	holder := HolderOf(&user.DefaultInfo{Name: "alice"})
	if holder != sha256.Sum256([]byte("\x00\x05alice\x00\x00")) {
		t.Error("another digest of a holder")
	}
	withExtra := IdentityOf(&user.DefaultInfo{Name: "alice", Extra: map[string][]string{"a": {"b"}}})
	if withExtra != sha256.Sum256([]byte("\x01"+string(holder[:])+"\x01a\x01\x01b")) {
		t.Error("another digest of a user with extra attributes")
	}
}
