// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// contexts are values that others need to have an effect, by the beginning of the others' paths.
var contexts = map[string]string{
	"audit.":                    "audit: {enabled: true, logPath: /var/log/audit/a.log}",
	"autoscaling.":              "autoscaling: {enabled: true}",
	"certificates.caBundle":     "{certificates: {source: secret, secret: {name: a}}, apiService: {annotations: {a: b}}}",
	"certificates.certManager.": "certificates: {source: cert-manager}",
	"certificates.secret.":      "certificates: {source: secret, secret: {name: a}, caBundle: " + certificate + "}",
	"certificates.source":       "certificates: {certManager: {issuerRef: {}}}",
	"crds.annotations":          "crds: {install: true}",
	"metrics.dashboard.":        "metrics: {dashboard: {enabled: true}}",
	"metrics.prometheusRule.":   "metrics: {prometheusRule: {enabled: true}}",
	"metrics.serviceMonitor.":   "metrics: {serviceMonitor: {enabled: true}}",
	"resourceQuota.":            "resourceQuota: {enabled: true}",
	"serviceAccount.create":     "serviceAccount: {name: other}",
	"tracing.":                  "tracing: {enabled: true, endpoint: 'a:1'}",
}

// elsewhere are the values whose effect cannot be seen without a cluster, and the tests that show it.
var elsewhere = map[string]string{"certificates.helm.renewBeforeDays": "TestCertificateIsRenewedNearItsEnd"}

// A value that changes nothing is worse than none: it promises something.
func TestNoValueIsDead(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := yaml.Unmarshal(data, &values); err != nil {
		t.Fatal(err)
	}
	definitions := schemaOf(t)["definitions"].(map[string]any)
	visit(t, values, schemaOf(t), definitions, "", func(path string, value any, schema map[string]any) {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			if test := elsewhere[path]; test != "" {
				t.Skip("see " + test)
			}
			other, ok := another(value, schema)
			if !ok {
				t.Fatal("the schema has no example that differs from the default")
			}
			context := contextOf(t, path)
			if strings.HasSuffix(path, ".enabled") {
				set(context, strings.Split(path, "."), value)
			}
			before := rendered(t, context)
			set(context, strings.Split(path, "."), other)
			if rendered(t, context) == before {
				t.Errorf("%v instead of %v changes nothing", other, value)
			}
		})
	})
}

// contextOf returns the values that the one at the path needs to have an effect.
func contextOf(t *testing.T, path string) map[string]any {
	t.Helper()
	text := "certificates: {source: cert-manager}" // which needs no keys, and so less time
	if strings.HasPrefix(path, "certificates.") {
		text = "{}"
	}
	for prefix, special := range contexts {
		if strings.HasPrefix(path, prefix) {
			text = special
		}
	}
	context := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &context); err != nil {
		t.Fatal(err)
	}
	return context
}

// visit calls f for each value that is described by itself: those without properties, and those with an example. The
// schema and values.yaml must have the same ones.
func visit(t *testing.T, values, schema, definitions map[string]any, prefix string, f func(path string, value any, schema map[string]any)) {
	t.Helper()
	properties, _ := schema["properties"].(map[string]any)
	for property := range properties {
		if _, ok := values[property]; !ok && prefix+property != "global" {
			t.Errorf("%s is in the schema, but not in values.yaml", prefix+property)
		}
	}
	for property, value := range values {
		inner, ok := properties[property].(map[string]any)
		if !ok {
			t.Errorf("%s is in values.yaml, but not in the schema", prefix+property)
			continue
		}
		if ref, ok := inner["$ref"].(string); ok {
			inner = definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
		}
		if nested, ok := value.(map[string]any); ok && inner["examples"] == nil {
			visit(t, nested, inner, definitions, prefix+property+".", f)
		} else {
			f(prefix+property, value, inner)
		}
	}
}

// another returns a value that the schema allows and that is not the given one.
func another(value any, schema map[string]any) (any, bool) {
	candidates, _ := schema["examples"].([]any)
	enum, _ := schema["enum"].([]any)
	candidates = append(candidates, enum...)
	switch v := value.(type) {
	case bool:
		candidates = append(candidates, !v)
	case float64:
		candidates = append(candidates, v+1)
	}
	for _, candidate := range candidates {
		if !reflect.DeepEqual(candidate, value) {
			return candidate, true
		}
	}
	return nil, false
}

// set sets a value, with its parents.
func set(values map[string]any, path []string, value any) {
	for _, property := range path[:len(path)-1] {
		inner, ok := values[property].(map[string]any)
		if !ok {
			inner = map[string]any{}
		}
		inner = maps.Clone(inner)
		values[property] = inner
		values = inner
	}
	values[path[len(path)-1]] = value
}

// changing is what Helm's certificate makes different in each run: keys, and the second of its end.
var changing = regexp.MustCompile(`(?m)^ *(caBundle|ca\.crt|tls\.crt|tls\.key): [A-Za-z0-9+/=]{1000,}$|T[0-9:]{8}Z`)

// rendered returns what the values render, without what is different each time.
func rendered(t *testing.T, values map[string]any) string {
	t.Helper()
	data, err := yaml.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return changing.ReplaceAllString(manifest(t, string(data)), "")
}
