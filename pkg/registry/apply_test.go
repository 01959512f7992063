// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestApply(t *testing.T) {
	const head = "apiVersion: tenantview.capsule.dev/v1alpha1\nkind: TenantNode\n"
	for name, tc := range map[string]struct {
		manager, configuration string
		code                   int32
		// want is what kube-apiserver gets, or a part of the error.
		want string
	}{
		"labels": {"me", head + "metadata: {name: solar-1, labels: {a: '1'}}", 200,
			`{"apiVersion":"v1","kind":"Node","metadata":{"labels":{"a":"1"},"name":"solar-1","resourceVersion":"101","uid":"uid-solar-1"}}`},
		"spec, and what is computed": {"me", head + "metadata: {creationTimestamp: null}\nspec: {podCIDR: x}\nstatus: {phase: Failed}", 200,
			`{"apiVersion":"v1","kind":"Node","metadata":{"resourceVersion":"101","uid":"uid-solar-1"},"spec":{"podCIDR":"x"}}`},
		"the annotation of kubectl": {"me", head + "metadata: {annotations: {a: b, kubectl.kubernetes.io/last-applied-configuration: x}}", 200,
			`{"apiVersion":"v1","kind":"Node","metadata":{"annotations":{"a":"b"},"resourceVersion":"101","uid":"uid-solar-1"}}`},
		"a manager of labels":        {"labeller", head, 200, `{"apiVersion":"v1","kind":"Node","metadata":{"resourceVersion":"101","uid":"uid-solar-1"}}`},
		"a manager of finalizers":    {"admin", head, 422, `manager "admin" has applied fields`},
		"kubectl of client-side":     {"kubectl", head, 422, `manager "kubectl" would replace the annotation`},
		"finalizers":                 {"me", head + "metadata: {finalizers: [a/b]}", 422, "metadata.finalizers: Forbidden"},
		"ownerReferences":            {"me", head + "metadata: {ownerReferences: []}", 422, "metadata.ownerReferences: Forbidden"},
		"managedFields":              {"me", head + "metadata: {managedFields: []}", 422, "metadata.managedFields: Forbidden"},
		"another name":               {"me", head + "metadata: {name: wind-1}", 400, "does not match the name on the URL"},
		"the upstream kind":          {"me", "{apiVersion: v1, kind: Node}", 400, "must be of kind TenantNode"},
		"another kind":               {"me", "{apiVersion: tenantview.capsule.dev/v1alpha1, kind: TenantNamespace}", 400, "must be of kind TenantNode"},
		"no kind":                    {"me", "{}", 400, "must be of kind TenantNode"},
		"nothing":                    {"me", "", 400, "there is no configuration"},
		"no object":                  {"me", "[]", 400, "error decoding patch"},
		"no YAML":                    {"me", "{", 400, "error decoding patch"},
		"metadata that is no object": {"me", head + "metadata: x", 400, "metadata must be an object"},
		"a name that is no text":     {"me", head + "metadata: {name: 1}", 400, "metadata.name must be a string"},
		"another resourceVersion":    {"me", head + "metadata: {resourceVersion: '101'}", 409, "modified"},
		"another uid":                {"me", head + "metadata: {uid: uid-solar-1}", 409, "UID in precondition"},
	} {
		f := newNodeFixture(t)
		_, err := f.applyAs(as("alice"), tc.manager, "solar-1", tc.configuration)
		if code := codeOf(t, err); code != tc.code {
			t.Errorf("%s: code %d, want %d: %v", name, code, tc.code, err)
			continue
		}
		if tc.code != 200 {
			if !strings.Contains(err.Error(), tc.want) || len(f.api.written) > 0 {
				t.Errorf("%s: %v, after %v", name, err, f.api.written)
			}
			continue
		}
		want := []string{"alice patch solar-1 application/apply-patch+yaml " + tc.want}
		if diff := cmp.Diff(want, f.api.written); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if !*f.api.patch.Force || f.api.patch.FieldManager != tc.manager {
			t.Errorf("%s: options %+v", name, f.api.patch)
		}
	}
}
