// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/grants"
)

// FuzzSettings computes the grants of any object that a client of kube-apiserver could have stored.
// They must be the same each time, also after the object was encoded and decoded again: otherwise a
// relist would look like a change of everybody's grants. What a tenant writes must stay small,
// whatever its size.
func FuzzSettings(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"spec":null}`, `{"spec":{"owners":[null,{"kind":"User","name":"alice","proxySettings":[{"kind":"Nodes","operations":["List"]}]}]}}`,
		`{"spec":{"subjects":[null,{"kind":"User","name":"carol","clusterResources":[null,{"apiGroups":["*"],"resources":["*"],"selector":{"matchLabels":{"a":"b"}}}]}]}}`,
		`{"spec":{"subjects":[{"kind":"Robot","name":"x"},{"kind":"Group","name":"system:authenticated"},{"kind":"Group","name":"","proxySettings":[{"kind":"Pods"}]}]}}`,
		`{"spec":{"rules":[{"subjects":[{"kind":"Group","name":"devs"}],"clusterResources":[{"apiGroups":["*"],"resources":["nodes"],"operations":["List","Watch"],"selector":{"matchExpressions":[{"key":"a","operator":"In","values":["b"]}]}}]}]}}`,
		`{"metadata":{"name":"x"},"spec":{"owners":[{"kind":"User","name":"a"}],"nodeSelector":{"a":"b"},"storageClasses":{"allowedRegex":"(","matchLabels":{" ":""}}},"status":{"owners":[null]}}`,
	} {
		f.Add([]byte(seed), uint8(0))
	}
	policies := []grants.Policy{grants.DefaultPolicy(), grants.DefaultPolicy(), grants.DefaultPolicy()}
	policies[1].OwnerGrants, policies[1].ProxySettingRules, policies[1].TenantSubjects = grants.OwnerGrantsImplicit, grants.ProxySettingRulesUnbounded, grants.TenantSubjectsAny
	policies[2].ProxySettingGrants, policies[2].UnsetClasses, policies[2].GlobalProxySettings = grants.ProxySettingGrantsOwners, grants.UnsetNone, grants.On
	f.Fuzz(func(t *testing.T, data []byte, policy uint8) {
		u := &unstructured.Unstructured{}
		if json.Unmarshal(data, &u.Object) != nil {
			t.Skip("no object")
		}
		rules := grants.NewRules(kinds(), policies[int(policy)%len(policies)])
		sameTwice(t, u, rules.OfTenant)
		sameTwice(t, u, rules.OfGlobalProxySetting)
		sameTwice(t, u, func(s *capsule.ProxySetting) ([]grants.Held, []grants.Problem) {
			tenant := &capsule.Tenant{Meta: capsule.Meta{Name: "solar"}}
			held, found := rules.OfProxySettings([]*capsule.ProxySetting{s, s, s}, tenant)
			// Each kind once for each subject's share of namespaces and settings, and each rule for
			// each kind.
			if most := (2*1024 + 256) * len(kinds()); len(held) > most {
				t.Errorf("%d grants, want at most %d", len(held), most)
			}
			return held, found[0]
		})
	})
}

// sameTwice decodes an object, encodes it, and decodes it again. It compares the grants of both.
func sameTwice[T any](t *testing.T, u *unstructured.Unstructured, grant func(*T) ([]grants.Held, []grants.Problem)) {
	t.Helper()
	first, err := capsule.Decode[T](u)
	if err != nil {
		return
	}
	data, err := json.Marshal(first)
	if err != nil {
		t.Fatalf("encoding what was decoded: %v", err)
	}
	again := &unstructured.Unstructured{}
	if err := json.Unmarshal(data, &again.Object); err != nil {
		t.Fatal(err)
	}
	second, err := capsule.Decode[T](again)
	if err != nil {
		t.Fatalf("decoding what was encoded: %v", err)
	}
	if repeated, err := json.Marshal(second); err != nil || string(repeated) != string(data) {
		t.Errorf("encoded again: %s, %v, want %s", repeated, err, data)
	}
	held, found := grant(first)
	heldAgain, foundAgain := grant(second)
	if diff := cmp.Diff(show(held), show(heldAgain)); diff != "" {
		t.Errorf("grants (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(found, foundAgain); diff != "" {
		t.Errorf("problems (-first +second):\n%s", diff)
	}
	const most = 16 + 16 // the first ones, and the first of each reason
	size := 0
	for _, p := range found {
		size += len(p.Detail)
	}
	if len(found) > most || size > most*(512+len("...")) {
		t.Errorf("%d problems of %d bytes", len(found), size)
	}
}
