// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiruntime "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"
	"sigs.k8s.io/yaml"

	"capsule.dev/tenantview/pkg/apis/capsule"
)

// definition is the part of a CustomResourceDefinition that clients depend on.
type definition struct {
	Spec struct {
		Group string
		Scope string
		Names struct{ Kind, ListKind, Plural, Singular string }

		Versions []struct {
			Name                     string
			Served, Storage          bool
			Subresources             map[string]any
			AdditionalPrinterColumns []struct{ Name, Type, JSONPath string }
			Schema                   struct {
				OpenAPIV3Schema spec.Schema `json:"openAPIV3Schema"`
			}
		}
	}
}

func definitionOf(t *testing.T, file string) definition {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(chart, "files", "crds", file+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var d definition
	if err := yaml.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// Objects and clients outlive a change from capsule-proxy's definitions to ours: all names must be the same.
func TestDefinitionsAreThoseOfCapsule(t *testing.T) {
	for file, want := range map[string]string{
		proxySettings:       `{"Group":"capsule.clastix.io","Scope":"Namespaced","Names":{"Kind":"ProxySetting","ListKind":"ProxySettingList","Plural":"proxysettings","Singular":"proxysetting"}}`,
		globalProxySettings: `{"Group":"capsule.clastix.io","Scope":"Cluster","Names":{"Kind":"GlobalProxySettings","ListKind":"GlobalProxySettingsList","Plural":"globalproxysettings","Singular":"globalproxysettings"}}`,
	} {
		d := definitionOf(t, file)
		got, err := json.Marshal(struct{ Group, Scope, Names any }{d.Spec.Group, d.Spec.Scope, d.Spec.Names})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
		if len(d.Spec.Versions) != 1 {
			t.Fatalf("%s has %d versions", file, len(d.Spec.Versions))
		}
		v := d.Spec.Versions[0]
		if v.Name != capsule.ProxySettings.Version || !v.Served || !v.Storage {
			t.Errorf("%s: version %s, served %v, stored %v", file, v.Name, v.Served, v.Storage)
		}
		if _, ok := v.Subresources["status"]; !ok {
			t.Errorf("%s: without a status subresource, who writes the object could write the status", file)
		}
		var columns []string
		for _, column := range v.AdditionalPrinterColumns {
			columns = append(columns, column.Name)
		}
		if diff := cmp.Diff([]string{"Ready", "Age"}, columns); diff != "" {
			t.Errorf("%s: columns (-want +got):\n%s", file, diff)
		}
	}
}

// What some generation of the definitions has accepted is stored in clusters, and must stay valid. What none has
// accepted would be ignored, so the user should learn that it is wrong.
func TestDefinitionsAcceptAllGenerations(t *testing.T) {
	const rule = `{"apiGroups": ["storage.k8s.io"], "resources": ["storageclasses"], "selector": {"matchLabels": {"a": "b"}}`
	for object, wrong := range map[string]string{
		// ProxySettings of Capsule 0.2, with all kinds and operations.
		`ps {"subjects": [{"kind": "ServiceAccount", "name": "system:serviceaccount:a:b", "proxySettings": [
			{"kind": "Nodes", "operations": ["List", "Update", "Delete"]}, {"kind": "StorageClasses", "operations": ["List"]},
			{"kind": "IngressClasses", "operations": []}, {"kind": "PriorityClasses", "operations": ["List"]}]}]}`: "",
		`ps {"subjects": [{"kind": "Group", "name": "g", "proxySettings": [
			{"kind": "RuntimeClasses", "operations": ["List"]}, {"kind": "PersistentVolumes", "operations": ["List"]}]}]}`: "",
		// A subject without grants shows the namespaces of the Tenant.
		`ps {"subjects": [{"kind": "User", "name": "u"}]}`: "",
		// Rules, with the operations of older generations, of the present one, and without any.
		`ps {"subjects": [{"kind": "User", "name": "u", "clusterResources": [` + rule + `, "operations": ["List", "Update", "Delete"]}]}]}`:  "",
		`gps {"rules": [{"subjects": [{"kind": "User", "name": "u"}], "clusterResources": [` + rule + `, "operations": ["List", "Get"]}]}]}`: "",
		`gps {"rules": [{"subjects": [{"kind": "User", "name": "u"}], "clusterResources": [` + rule + `}]}]}`:                                "",
		`gps {"rules": [{"subjects": [{"kind": "User", "name": "u"}]}]}`:                                                                     "",
		`gps {"rules": [{"subjects": [], "clusterResources": [{"apiGroups": ["*"], "resources": ["*"], "selector": {"matchExpressions": [
			{"key": "a", "operator": "In", "values": ["b"]}, {"key": "c", "operator": "DoesNotExist"}]}}]}]}`: "",
		// Fields of a generation to come.
		`ps {"subjects": [{"kind": "User", "name": "u", "later": {"a": 1}}], "later": true}`:     "",
		`gps {"rules": [{"subjects": [{"kind": "User", "name": "u", "later": 1}], "later": 1}]}`: "",

		`ps {}`:                               "spec.subjects",
		`ps {"subjects": []}`:                 "spec.subjects",
		`ps {"subjects": [{"kind": "User"}]}`: "spec.subjects[0].name",
		`ps {"subjects": [{"kind": "Robot", "name": "u"}]}`:                                                               "spec.subjects[0].kind",
		`ps {"subjects": [{"kind": "User", "name": "u", "proxySettings": [{"kind": "Pods", "operations": ["List"]}]}]}`:   "spec.subjects[0].proxySettings[0].kind",
		`ps {"subjects": [{"kind": "User", "name": "u", "proxySettings": [{"kind": "Nodes", "operations": ["Watch"]}]}]}`: "spec.subjects[0].proxySettings[0].operations[0]",
		`ps {"subjects": [{"kind": "User", "name": "u", "proxySettings": [{"kind": "Nodes"}]}]}`:                          "spec.subjects[0].proxySettings[0].operations",
		`gps {"rules": []}`:                         "spec.rules",
		`gps {"rules": [{"clusterResources": []}]}`: "spec.rules[0].subjects",
		`gps {"rules": [{"subjects": [], "clusterResources": [` + rule + `, "operations": ["Create"]}]}]}`:     "spec.rules[0].clusterResources[0].operations[0]",
		`gps {"rules": [{"subjects": [], "clusterResources": [{"apiGroups": [""], "resources": ["nodes"]}]}]}`: "spec.rules[0].clusterResources[0].selector",
	} {
		kind, value, _ := strings.Cut(object, " ")
		s := definitionOf(t, map[string]string{"ps": proxySettings, "gps": globalProxySettings}[kind]).Spec.Versions[0].Schema.OpenAPIV3Schema
		var content any
		if err := apiruntime.Unmarshal([]byte(value), &content); err != nil {
			t.Fatal(err)
		}
		result := validate.NewSchemaValidator(&s, nil, "", strfmt.Default).Validate(map[string]any{"spec": content})
		switch {
		case wrong == "" && !result.IsValid():
			t.Errorf("%s: %v", object, result.Errors)
		case wrong != "" && result.IsValid():
			t.Errorf("%s is accepted", object)
		case wrong != "" && !strings.Contains(result.Errors[0].Error(), wrong):
			t.Errorf("%s: %q is not in %v", object, wrong, result.Errors)
		}
	}
}
