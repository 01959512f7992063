// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"capsule.dev/tenantview/internal/feed"
	"capsule.dev/tenantview/internal/reference"
	"capsule.dev/tenantview/pkg/grants"
)

func named(name string, configuration *unstructured.Unstructured) *unstructured.Unstructured {
	configuration.SetName(name)
	return configuration
}

// If only users of Capsule may see anything, nobody sees anything without a configuration.
// Administrators must be able to find that reason.
func TestMissingConfiguration(t *testing.T) {
	policy := grants.DefaultPolicy()
	policy.CapsuleUsersOnly = true
	f := feed.New(policy)
	const source = "capsuleconfigurations"
	missing := counts{{Source: source, Reason: grants.ReasonMissing}: 1}
	valid := configuration("{userNames: [alice]}")
	steps := []invalidStep{
		{"before all is read", func() {}, missing, 0},
		{"all is read", f.Cluster.GoLive, missing, 1},
		{"an empty list", func() { f.Replace(source) }, missing, 0},
		{"another configuration", func() { f.Put(named("other", configuration("{users: [{}]}"))) }, missing, 0},
		{"the configuration", func() { f.Put(valid) }, counts{}, 0},
		{"deleted", func() { f.Delete(reference.RefOf(valid)) }, missing, 1},
		{"deleted again", func() { f.Delete(reference.RefOf(valid)) }, missing, 0},
		{"undecodable", func() { f.Put(broken(valid)) }, counts{{Source: source, Reason: grants.ReasonDecode}: 1}, 1},
		{"undecodable again", func() { f.Put(broken(valid)) }, counts{{Source: source, Reason: grants.ReasonDecode}: 1}, 0},
		{"decodable", func() { f.Put(valid) }, counts{}, 0},
		{"not among those listed", func() { f.Replace(source, named("other", configuration("{}"))) }, missing, 1},
		{"back", func() { f.Replace(source, valid) }, counts{}, 0},
		{"not served", func() { f.Disappear(source) }, missing, 1},
	}
	checkInvalid(t, f, steps)
	if invalid := feed.New(grants.DefaultPolicy()).Cluster.Invalid(); len(invalid) > 0 {
		t.Errorf("the policy needs no configuration, but these are invalid: %v", invalid)
	}
}

// A configuration that Capsule does not read also loses its problem when it can be decoded.
func TestAnotherConfigurationIsMended(t *testing.T) {
	f := feed.New(grants.DefaultPolicy())
	other := named("other", configuration("{users: [{}]}"))
	f.Put(broken(other))
	if got := f.Cluster.Invalid(); len(got) != 1 {
		t.Errorf("invalid objects: %v", got)
	}
	f.Put(other)
	if got := f.Cluster.Invalid(); len(got) != 0 {
		t.Errorf("invalid objects when it can be decoded: %v", got)
	}
}

// Every watch asks for its viewer again when Changed fires, so it must fire only if the gate has
// changed.
func TestChangedTellsOfChangesOnly(t *testing.T) {
	policy := grants.DefaultPolicy()
	policy.CapsuleUsersOnly = true
	f := feed.New(policy)
	valid := configuration("{userNames: [alice], ignoreUserWithGroups: [ops]}")
	steps := []struct {
		what string
		do   func()
		want bool
	}{
		{"a configuration", func() { f.Put(valid) }, true},
		{"the same", func() { f.Put(valid) }, false},
		{"its status", func() { f.Put(with(valid, "status", map[string]any{"lastProcessedVersion": "7"})) }, false},
		{"the same user by the status", func() {
			f.Put(with(valid, "status", map[string]any{"users": []any{map[string]any{"kind": "User", "name": "alice"}}}))
		}, false},
		{"another user by the status", func() {
			f.Put(with(valid, "status", map[string]any{"users": []any{map[string]any{"kind": "User", "name": "bob"}}}))
		}, true},
		{"another group that is ignored", func() { f.Put(configuration("{userNames: [alice, bob], ignoreUserWithGroups: [devs]}")) }, true},
		{"another configuration", func() { f.Put(named("other", configuration("{userNames: [carol]}"))) }, false},
		{"undecodable", func() { f.Put(broken(valid)) }, true},
		{"deleted", func() { f.Delete(reference.RefOf(valid)) }, false},
		{"made again", func() { f.Put(valid) }, true},
	}
	for _, s := range steps {
		changed := f.Cluster.Changed()
		s.do()
		got := false
		select {
		case <-changed:
			got = true
		default:
		}
		if got != s.want {
			t.Errorf("%s: changed %t, want %t", s.what, got, s.want)
		}
	}
}
