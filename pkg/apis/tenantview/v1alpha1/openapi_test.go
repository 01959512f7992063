// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	genericopenapi "k8s.io/apiserver/pkg/endpoints/openapi"
	"k8s.io/kube-openapi/pkg/builder3"
	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/generated/openapi"
)

// document builds the schemas of an OpenAPI v3 document that holds every kind,
// named and extended as a generic API server does.
func document(t *testing.T) *spec3.OpenAPI {
	t.Helper()
	scheme := newScheme(t)
	namer := genericopenapi.NewDefinitionNamer(scheme)
	var names []string
	for _, kind := range everyKind() {
		name, err := scheme.ToOpenAPIDefinitionName(v1alpha1.SchemeGroupVersion.WithKind(kind))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	doc, err := builder3.BuildOpenAPIDefinitionsForResources(&common.OpenAPIV3Config{
		GetDefinitions:    openapi.GetOpenAPIDefinitions,
		GetDefinitionName: namer.GetDefinitionName,
	}, names...)
	if err != nil {
		t.Fatal(err)
	}
	return &spec3.OpenAPI{Components: &spec3.Components{Schemas: doc}}
}

// everyKind returns the kinds that have a definition, with their lists.
func everyKind() []string {
	all := slices.Clone(reviews)
	for kind := range upstream {
		all = append(all, kind, kind+"List")
	}
	return all
}

func schema(t *testing.T, kind string) *spec.Schema {
	t.Helper()
	name := "dev.capsule.tenantview.v1alpha1." + kind
	found := document(t).Components.Schemas[name]
	if found == nil {
		t.Fatalf("no definition of %s", name)
	}
	return found
}

// kubectl finds the schema of a kind by the group, version and kind in the
// definition. kubectl explain prints the descriptions.
func TestOpenAPIDescribesEveryKind(t *testing.T) {
	for _, kind := range everyKind() {
		s := schema(t, kind)
		want := []any{map[string]any{"group": v1alpha1.GroupName, "version": "v1alpha1", "kind": kind}}
		if diff := cmp.Diff(want, s.Extensions["x-kubernetes-group-version-kind"]); diff != "" {
			t.Errorf("group, version and kind of %s (-want +got):\n%s", kind, diff)
		}
		if s.Description == "" {
			t.Errorf("%s has no description", kind)
		}
		for name, property := range s.Properties {
			if property.Description == "" {
				t.Errorf("%s.%s has no description", kind, name)
			}
		}
	}
}

func TestOpenAPIRequiredFieldsAreThoseOfUpstream(t *testing.T) {
	want := map[string][]string{
		"TenantIngressClass":     nil,
		"TenantNamespace":        nil,
		"TenantNode":             nil,
		"TenantPersistentVolume": nil,
		"TenantPriorityClass":    nil,
		"TenantRuntimeClass":     {"handler"},
		"TenantStorageClass":     {"provisioner"},
	}
	got := map[string][]string{}
	for kind := range upstream {
		got[kind] = schema(t, kind).Required
	}
	for _, kind := range reviews {
		want[kind], got[kind] = []string{"spec"}, schema(t, kind).Required
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("required fields (-want +got):\n%s", diff)
	}
}

// The upstream types keep their names from kube-apiserver, because clients see
// both documents. Nothing that a definition refers to was pruned.
func TestOpenAPIReferencesResolve(t *testing.T) {
	name := regexp.MustCompile(`^(dev\.capsule\.tenantview\.v1alpha1|io\.k8s\.(api|apimachinery))\.[\w.]+$`)
	var refs []string
	definitions := openapi.GetOpenAPIDefinitions(func(path string) spec.Ref {
		refs = append(refs, path)
		return spec.MustCreateRef("#/components/schemas/" + path)
	})
	for _, ref := range refs {
		if _, ok := definitions[ref]; !ok {
			t.Errorf("nothing defines %s", ref)
		}
	}
	for defined, definition := range definitions {
		if !name.MatchString(defined) {
			t.Errorf("unexpected name %s", defined)
		}
		for _, dependency := range definition.Dependencies {
			if _, ok := definitions[dependency]; !ok {
				t.Errorf("%s depends on %s, which nothing defines", defined, dependency)
			}
		}
	}
	for _, want := range []string{"io.k8s.api.core.v1.NodeSpec", "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"} {
		if _, ok := definitions[want]; !ok {
			t.Errorf("nothing defines %s", want)
		}
	}

	// References in the served document must resolve, too.
	doc := document(t)
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`"\$ref":"([^"]*)"`).FindAllSubmatch(data, -1) {
		target, ok := strings.CutPrefix(string(match[1]), "#/components/schemas/")
		if _, defined := doc.Components.Schemas[target]; !ok || !defined {
			t.Errorf("reference %s does not resolve", match[1])
		}
	}
}

// Every JSON field of a kind is in its definition.
func TestOpenAPIHoldsEveryField(t *testing.T) {
	scheme := newScheme(t)
	for _, kind := range slices.Concat(slices.Collect(maps.Keys(upstream)), reviews) {
		typ := scheme.KnownTypes(v1alpha1.SchemeGroupVersion)[kind]
		properties := schema(t, kind).Properties
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if name == "" { // TypeMeta
				continue
			}
			if _, ok := properties[name]; !ok {
				t.Errorf("the definition of %s lacks %s", kind, name)
			}
		}
	}
}
