// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	appsv1 "k8s.io/api/apps/v1"

	"capsule.dev/tenantview/cmd/tenantview-apiserver/app/options"
)

// parse parses the arguments that values give the server, as the server does.
func parse(t *testing.T, values string) (*options.Options, *pflag.FlagSet) {
	t.Helper()
	o := options.New()
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	sections := o.Flags()
	for _, section := range sections.FlagSets {
		flags.AddFlagSet(section)
	}
	if err := flags.Parse(args(t, render(t, values))); err != nil {
		t.Fatalf("the server does not take its arguments: %v", err)
	}
	return o, flags
}

func args(t *testing.T, all objects) []string {
	t.Helper()
	containers := as[appsv1.Deployment](t, all, "Deployment/"+name).Spec.Template.Spec.Containers
	if len(containers) != 1 {
		t.Fatalf("%d containers", len(containers))
	}
	return containers[0].Args
}

// The server would not start with a flag that it does not know, or a value that it refuses.
func TestServerTakesItsArguments(t *testing.T) {
	for branch, tc := range branches {
		t.Run(branch, func(t *testing.T) {
			t.Parallel()
			_, flags := parse(t, tc.values)
			if flags.NArg() > 0 {
				t.Errorf("arguments that are no flags: %v", flags.Args())
			}
		})
	}
}

// schemaOf returns the part of the values' schema at a path of property names.
func schemaOf(t *testing.T, path ...string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(chart, "values.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s map[string]any
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	for _, property := range path {
		s, _ = s["properties"].(map[string]any)[property].(map[string]any)
	}
	return s
}

// Every setting of visibility has a value, which allows what the flag allows, and nothing else.
func TestEveryPolicyFlagHasAValue(t *testing.T) {
	properties := schemaOf(t, "policy")["properties"].(map[string]any)
	oneOf := regexp.MustCompile(`One of ([^.]*)\.`)
	sections := options.New().Flags()
	sections.FlagSet("visibility").VisitAll(func(f *pflag.Flag) {
		choices := oneOf.FindStringSubmatch(f.Usage)
		if choices == nil {
			return // see below
		}
		// owner-grants is the flag of ownerGrants.
		property := ""
		for candidate := range properties {
			if strings.EqualFold(candidate, strings.ReplaceAll(f.Name, "-", "")) {
				property = candidate
			}
		}
		if property == "" {
			t.Errorf("--%s has no value below policy", f.Name)
			return
		}
		var allowed []string
		for _, choice := range properties[property].(map[string]any)["enum"].([]any) {
			if text, ok := choice.(string); ok && text != "" {
				allowed = append(allowed, text)
			}
		}
		if diff := cmp.Diff(strings.Split(choices[1], ", "), allowed); diff != "" {
			t.Errorf("policy.%s (-flag +value):\n%s", property, diff)
		}
		for _, choice := range allowed {
			_, flags := parse(t, "policy: {"+property+": '"+choice+"'}")
			if got := flags.Lookup(f.Name); !got.Changed || got.Value.String() != choice {
				t.Errorf("policy.%s: %s gives --%s=%s", property, choice, f.Name, got.Value)
			}
		}
	})
	// The others of that section have values, too.
	_, flags := parse(t, "{policy: {profile: capsule-proxy, capsuleUsersOnly: true}, listNodeImages: true, writes: {enabled: true}}")
	for flag, want := range map[string]string{
		"profile": "capsule-proxy", "capsule-users-only": "true", "list-node-images": "true", "native-rbac-review-interval": "30s",
	} {
		if f := flags.Lookup(flag); f == nil || !f.Changed || f.Value.String() != want {
			t.Errorf("--%s is not %s: %+v", flag, want, f)
		}
	}
	sections.FlagSet("visibility").VisitAll(func(f *pflag.Flag) {
		if !oneOf.MatchString(f.Usage) && !flags.Changed(f.Name) {
			t.Errorf("--%s has no value", f.Name)
		}
	})
}

// YAML reads On and Off as true and false. The server must get what was meant.
func TestOnAndOffWithoutQuotes(t *testing.T) {
	_, flags := parse(t, "policy: {globalProxySettings: Off, roleBindingNamespaces: Off, proxySettingRules: Off}")
	for _, flag := range []string{"global-proxy-settings", "role-binding-namespaces", "proxy-setting-rules"} {
		if got := flags.Lookup(flag).Value.String(); got != "Off" {
			t.Errorf("--%s=%s", flag, got)
		}
	}
	_, flags = parse(t, "policy: {globalProxySettings: On}")
	if got := flags.Lookup("global-proxy-settings").Value.String(); got != "On" {
		t.Errorf("--global-proxy-settings=%s", got)
	}
}

// With writes, ProxySettings give no more than owners have, unless the values say so.
func TestWritesBoundProxySettings(t *testing.T) {
	for values, want := range map[string]string{
		"{}":                                   "",
		"policy: {proxySettingGrants: Owners}": "Owners",
		"writes: {enabled: true}":              "Owners",
		"{writes: {enabled: true}, policy: {profile: capsule-proxy}}":      "Owners",
		"{writes: {enabled: true}, policy: {proxySettingGrants: Tenant}}":  "Tenant",
		"{writes: {enabled: false}, policy: {proxySettingGrants: Tenant}}": "Tenant",
		"{writes: {enabled: false}, policy: {profile: capsule-proxy}}":     "",
	} {
		got := ""
		if _, flags := parse(t, values); flags.Changed("proxy-setting-grants") {
			got = flags.Lookup("proxy-setting-grants").Value.String()
		}
		if got != want {
			t.Errorf("%s gives --proxy-setting-grants=%s, want %q", values, got, want)
		}
	}
}

// extraArgs cannot contradict a value. So each flag that some value gives is one that extraArgs must not have.
func TestExtraArgsRepeatNoValue(t *testing.T) {
	template, err := os.ReadFile(filepath.Join(chart, "templates", "_args.tpl"))
	if err != nil {
		t.Fatal(err)
	}
	_, refused, _ := strings.Cut(string(template), `define "tenantview.extraArgs"`)
	all := render(t, "{policy: {ownerGrants: Implicit, unsetClasses: All, unsetNodeSelector: All, nativeRBAC: Union,"+
		" capsuleUsersOnly: true, proxySettingRules: Off, proxySettingGrants: Owners, tenantSubjects: Any,"+
		" globalProxySettings: On, roleBindingNamespaces: Off, pvClaimRef: LabelOnly}, writes: {enabled: true},"+
		" audit: {enabled: true, logPath: /var/log/a.log}, tracing: {enabled: true, endpoint: 'a:1'}}")
	given := args(t, all)
	if len(given) < 25 {
		t.Errorf("only %d flags are given", len(given))
	}
	for _, arg := range given {
		flag, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !strings.Contains(refused, `"`+flag+`" "`) {
			t.Errorf("--%s can be in extraArgs", flag)
		}
	}
}
