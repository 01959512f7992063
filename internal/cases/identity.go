// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package cases

// identity returns the cases that decide which users are owners.
func identity() []Case {
	solar := func(spec ...string) *object { return tenant("solar", append([]string{solarSpec}, spec...)...) }
	wind := func(spec ...string) *object { return tenant("wind", append([]string{windSpec}, spec...)...) }
	return []Case{
		{Row: "A1", Name: "a user whom nothing names sees nothing", Policy: implicit(), User: carol,
			Objects: in([]*object{solar(ownedBy("User alice")), wind()})},
		{Row: "A2", Name: "an owner sees what is of his tenant", Policy: implicit(), User: alice,
			Objects: in([]*object{solar(ownedBy("User alice")), wind()}),
			List:    ofSolar()},
		{Row: "A4", Name: "a member of a group that owns a tenant", Policy: implicit(), User: named("bob", "devs"),
			Objects: in([]*object{solar(ownedBy("Group devs")), wind()}),
			List:    ofSolar()},
		{Row: "A4", Name: "a group's name in another case", Policy: implicit(), User: named("bob", "Devs"),
			Objects: in([]*object{solar(ownedBy("Group devs")), wind()})},
		{Row: "A5", Name: "a user named like a group that owns a tenant", Policy: implicit(), User: named("devs"),
			Objects: in([]*object{solar(ownedBy("Group devs")), wind()})},
		{Row: "A5", Name: "a member of a group named like the user who owns a tenant", Policy: implicit(), User: named("bob", "alice"),
			Objects: in([]*object{solar(ownedBy("User alice")), wind()})},
		{Row: "A7", Name: "a service account that owns a tenant", Policy: implicit(), User: bot,
			Objects: in([]*object{solar(ownedBy("ServiceAccount " + botName)), wind()}),
			List:    ofSolar()},
		{Row: "A7", Name: "a service account that is named without its namespace", Policy: implicit(), User: bot,
			Objects: in([]*object{solar(ownedBy("ServiceAccount bot")), wind()})},
		{Row: "A9", Name: "the service accounts of a namespace own a tenant", Policy: implicit(), User: bot,
			Objects: in([]*object{solar(ownedBy("Group system:serviceaccounts:solar-ci")), wind()}),
			List:    ofSolar()},
		{Row: "A10", Name: "everybody who is authenticated owns a tenant", Policy: implicit(), User: carol,
			Objects: in([]*object{solar(ownedBy("Group system:authenticated")), wind()}),
			List:    ofSolar()},
		{Row: "A13", Name: "owners in the spec only, as before Capsule 0.12", Policy: implicit(), User: alice,
			Objects: in([]*object{withStatus(solar(ownedBy("User alice")), `{state: Active, size: 2, namespaces: [solar-a, solar-b]}`), wind()}),
			List:    ofSolar()},
		{Row: "A14", Name: "an owner in the status only", Policy: implicit(), User: bob,
			Objects: in([]*object{withStatus(solar(), `{owners: [{kind: User, name: bob, clusterRoles: [admin]}]}`), wind()}),
			List:    ofSolar()},
		{Row: "A15", Name: "a future owner, before Capsule has written the status", Policy: implicit(), User: bob,
			Objects: in([]*object{withStatus(solar(), `{owners: []}`), wind()})},
		{Row: "A16", Name: "an administrator in the status of every tenant", Policy: implicit(), User: named("admin"),
			Objects: in([]*object{
				withStatus(solar(ownedBy("User alice")), `{owners: [{kind: User, name: alice}, {kind: User, name: admin}]}`),
				withStatus(wind(ownedBy("User wanda")), `{owners: [{kind: User, name: admin}, {kind: User, name: wanda}]}`)}),
			List: ofBoth()},
		{Row: "A17", Name: "a service account that was promoted to an owner", Policy: implicit(), User: bot,
			Objects: in([]*object{withStatus(solar(ownedBy("User alice")),
				`{owners: [{kind: User, name: alice}, {kind: ServiceAccount, name: "`+botName+`", clusterRoles: [capsule-namespace-provisioner]}]}`), wind()}),
			List: ofSolar()},
		{Row: "A19", Name: "the owner of two tenants sees each object once", Policy: implicit(), User: named("alice", "devs"),
			Objects: in([]*object{solar(ownedBy("User alice", "Group devs", "User alice")), wind(ownedBy("User alice"))}),
			List:    ofBoth()},
		{Row: "A21", Name: "an owner who was removed", Policy: implicit(), User: alice,
			Before:  in([]*object{withStatus(solar(ownedBy("User alice")), `{owners: [{kind: User, name: alice}]}`), wind()}),
			Objects: in([]*object{withStatus(solar(), `{owners: []}`), wind()})},
		{Row: "A22", Name: "an owner who was removed from the spec, before Capsule has rewritten the status", Policy: implicit(), User: alice,
			Before:  in([]*object{withStatus(solar(ownedBy("User alice")), `{owners: [{kind: User, name: alice}]}`), wind()}),
			Objects: in([]*object{withStatus(solar(), `{owners: [{kind: User, name: alice}]}`), wind()}),
			List:    ofSolar()},
		{Row: "A23", Name: "owners without a name, and of an unknown kind", Policy: implicit(), User: alice,
			Objects: in([]*object{solar(ownedBy("User ", "Group ", "Robot alice", "user alice", " alice")), wind()})},
		{Row: "A23", Name: "an owner beside entries that make no sense", Policy: implicit(), User: alice,
			Objects: in([]*object{solar(ownedBy("User ", "Robot alice", "User alice")), wind()}),
			List:    ofSolar()},
		{Row: "A25", Name: "a tenant that is being deleted", Policy: implicit(), User: alice,
			InMemory: "a deletionTimestamp cannot be created",
			Objects: in([]*object{func() *object {
				t := withStatus(solar(ownedBy("User alice")), "{state: Terminating}")
				t.Object["metadata"].(map[string]any)["deletionTimestamp"] = "2026-01-02T03:04:05Z"
				return t
			}(), wind()}),
			List: ofSolar()},
		{Row: "A26", Name: "a cordoned tenant that must not be deleted", Policy: implicit(), User: alice,
			Objects: in([]*object{withStatus(solar(ownedBy("User alice"), "{cordoned: true, preventDeletion: true}"), "{state: Cordoned}"), wind()}),
			List:    ofSolar()},
		{Row: "A28", Name: "who is not authenticated sees nothing", Policy: implicit(), User: nobody,
			InMemory: "kube-apiserver lets nobody in without authentication",
			Objects:  in([]*object{solar(ownedBy("User alice", "Group system:authenticated")), wind()})},
		{Row: "A28", Name: "who is not authenticated owns a tenant", Policy: implicit(), User: nobody,
			InMemory: "kube-apiserver lets nobody in without authentication",
			Objects:  in([]*object{solar(ownedBy("Group system:unauthenticated")), wind()}),
			List:     ofSolar()},
		{Row: "A29", Name: "a tenant without owners", Policy: implicit(), User: alice,
			Objects: in([]*object{solar(), wind()})},
	}
}
