// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/view"
)

func TestSubjects(t *testing.T) {
	cases := map[string]struct {
		user user.DefaultInfo
		want []view.Subject
	}{
		"nobody":      {want: []view.Subject{}},
		"a user":      {user.DefaultInfo{Name: "alice"}, []view.Subject{view.User("alice")}},
		"with groups": {user.DefaultInfo{Name: "alice", Groups: []string{"b", "a"}}, []view.Subject{view.User("alice"), view.Group("b"), view.Group("a")}},
		"with groups twice, and an empty one": {user.DefaultInfo{Name: "alice", Groups: []string{"a", "", "a", "alice"}},
			[]view.Subject{view.User("alice"), view.Group("a"), view.Group("a"), view.Group("alice")}},
		"with groups only": {user.DefaultInfo{Groups: []string{"a"}}, []view.Subject{view.Group("a")}},
		// A uid and extra fields are not subjects.
		"with more": {user.DefaultInfo{Name: "alice", UID: "bob", Extra: map[string][]string{"groups": {"devs"}}}, []view.Subject{view.User("alice")}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, grants.Subjects(&tc.user)); diff != "" {
				t.Errorf("subjects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGate(t *testing.T) {
	alice := []view.Subject{view.User("alice"), view.Group("devs"), view.Group("ops")}
	cases := map[string]struct {
		configuration string
		who           []view.Subject
		want          bool
		problems      []string
	}{
		"nobody is named":                    {configuration: "{}", who: alice},
		"a user name":                        {configuration: "{spec: {userNames: [alice]}}", who: alice, want: true},
		"another user name":                  {configuration: "{spec: {userNames: [devs, bob]}}", who: alice},
		"a group":                            {configuration: "{spec: {userGroups: [devs]}}", who: alice, want: true},
		"a group named like the user":        {configuration: "{spec: {userGroups: [alice]}}", who: alice},
		"a user of the spec":                 {configuration: "{spec: {users: [{kind: User, name: alice}]}}", who: alice, want: true},
		"a group of the spec":                {configuration: "{spec: {users: [{kind: Group, name: ops}]}}", who: alice, want: true},
		"a user of the status":               {configuration: "{status: {users: [{kind: User, name: alice}]}}", who: alice, want: true},
		"a service account of the status":    {configuration: "{status: {users: [{kind: ServiceAccount, name: 'system:serviceaccount:a:b'}]}}", who: []view.Subject{view.User("system:serviceaccount:a:b")}, want: true},
		"a subject of an unknown kind":       {configuration: "{spec: {users: [{kind: Robot, name: alice}, {kind: User, name: ''}]}}", who: alice, problems: []string{grants.ReasonSubject, grants.ReasonSubject}},
		"a group that is ignored":            {configuration: "{spec: {userNames: [alice], userGroups: [devs], ignoreUserWithGroups: [ops]}}", who: alice},
		"an ignored group named like a user": {configuration: "{spec: {userNames: [alice], ignoreUserWithGroups: [alice]}}", who: alice, want: true},
		"a service account of kube-system":   {configuration: "{spec: {userGroups: [all]}}", who: []view.Subject{view.User("x"), view.Group("all"), view.Group("system:serviceaccounts:kube-system")}},
		"nobody asks":                        {configuration: "{spec: {userNames: [''], userGroups: ['']}}"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			gate, problems := grants.NewGate(parse[capsule.Configuration](t, tc.configuration))
			if got := gate.Admits(tc.who); got != tc.want {
				t.Errorf("%v is admitted: %t, want %t", tc.who, got, tc.want)
			}
			if diff := cmp.Diff(tc.problems, reasons(problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
	gate := func(configuration string) *grants.Gate {
		g, _ := grants.NewGate(parse[capsule.Configuration](t, configuration))
		return g
	}
	named := gate("{spec: {userNames: [a, b], ignoreUserWithGroups: [c]}}")
	for configuration, want := range map[string]bool{
		"{spec: {userNames: [b], users: [{kind: User, name: a}], ignoreUserWithGroups: [c]}, status: {users: [{kind: User, name: b}]}}": true,
		"{spec: {userNames: [a], ignoreUserWithGroups: [c]}}":                                                                           false,
		"{spec: {userNames: [a], userGroups: [b], ignoreUserWithGroups: [c]}}":                                                          false,
		"{spec: {userNames: [a, b], ignoreUserWithGroups: [d]}}":                                                                        false,
		"{spec: {userNames: [a, b], userGroups: [b], ignoreUserWithGroups: [c]}}":                                                       false,
	} {
		if got := named.Equal(gate(configuration)); got != want {
			t.Errorf("%s is equal: %t, want %t", configuration, got, want)
		}
	}
	for name, gate := range map[string]func() *grants.Gate{
		"the zero gate":           func() *grants.Gate { return &grants.Gate{} },
		"without a configuration": func() *grants.Gate { g, _ := grants.NewGate(nil); return g },
	} {
		t.Run(name, func(t *testing.T) {
			if gate().Admits(alice) {
				t.Error("a user is admitted")
			}
		})
	}
}
