// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"capsule.dev/tenantview/pkg/apiserver"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/servingcert"
)

// parse returns the options for the given arguments.
func parse(t *testing.T, args ...string) *Options {
	t.Helper()
	o := New()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	sections := o.Flags()
	for _, section := range sections.FlagSets {
		flags.AddFlagSet(section)
	}
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestPolicy(t *testing.T) {
	changed := func(p grants.Policy, change func(*grants.Policy)) grants.Policy {
		change(&p)
		return p
	}
	cases := map[string]struct {
		args []string
		want grants.Policy
	}{
		"default":             {nil, grants.DefaultPolicy()},
		"default by name":     {[]string{"--profile=default"}, grants.DefaultPolicy()},
		"capsule-proxy":       {[]string{"--profile=capsule-proxy"}, grants.CapsuleProxyPolicy()},
		"one setting":         {[]string{"--owner-grants=Implicit"}, changed(grants.DefaultPolicy(), func(p *grants.Policy) { p.OwnerGrants = grants.OwnerGrantsImplicit })},
		"a profile's setting": {[]string{"--capsule-users-only"}, changed(grants.DefaultPolicy(), func(p *grants.Policy) { p.CapsuleUsersOnly = true })},
		// A flag that is set to its default value still overrides the profile.
		"profile, overridden": {
			[]string{"--unset-classes=All", "--profile=capsule-proxy", "--capsule-users-only=false", "--global-proxy-settings=On"},
			changed(grants.CapsuleProxyPolicy(), func(p *grants.Policy) {
				p.UnsetClasses, p.CapsuleUsersOnly, p.GlobalProxySettings = grants.UnsetAll, false, grants.On
			}),
		},
		"every setting": {
			[]string{
				"--owner-grants=Implicit", "--unset-classes=None", "--unset-node-selector=None", "--native-rbac=Ignore", "--capsule-users-only=true",
				"--proxy-setting-rules=Off", "--global-proxy-settings=Off", "--role-binding-namespaces=AnyBinding", "--pv-claim-ref=LabelOnly",
				"--proxy-setting-grants=Owners", "--tenant-subjects=Any",
			},
			grants.Policy{
				OwnerGrants: grants.OwnerGrantsImplicit, UnsetClasses: grants.UnsetNone, UnsetNodeSelector: grants.UnsetNone,
				NativeRBAC: grants.NativeRBACIgnore, CapsuleUsersOnly: true, ProxySettingRules: grants.ProxySettingRulesOff,
				GlobalProxySettings: grants.Off, RoleBindingNamespaces: grants.RoleBindingsAny, PVClaimRef: grants.PVClaimRefLabelOnly,
				ProxySettingGrants: grants.ProxySettingGrantsOwners, TenantSubjects: grants.TenantSubjectsAny,
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := parse(t, tc.args...).Policy.Policy()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("policy (-want +got):\n%s", diff)
			}
		})
	}
}

func TestKubeconfigStandsIn(t *testing.T) {
	type kubeconfigs struct{ Authentication, Authorization string }
	for name, tc := range map[string]struct {
		args []string
		want kubeconfigs
	}{
		"for both": {[]string{"--kubeconfig=k"}, kubeconfigs{"k", "k"}},
		"for one":  {[]string{"--kubeconfig=k", "--authentication-kubeconfig=a"}, kubeconfigs{"a", "k"}},
		"for none": {[]string{"--kubeconfig=k", "--authentication-kubeconfig=a", "--authorization-kubeconfig=b"}, kubeconfigs{"a", "b"}},
		"not set":  {nil, kubeconfigs{}},
	} {
		o := parse(t, tc.args...)
		o.complete()
		got := kubeconfigs{o.Authentication.RemoteKubeConfigFile, o.Authorization.RemoteKubeConfigFile}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// config returns the configuration for the given arguments, with its own port and a cluster that
// does not exist.
func config(t *testing.T, args ...string) *apiserver.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	const content = `{"apiVersion": "v1", "kind": "Config", "current-context": "c",
		"clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
		"contexts": [{"name": "c", "context": {"cluster": "c"}}]}`
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	o := parse(t, append([]string{"--kubeconfig=" + file}, args...)...)
	o.SecureServing.Listener = listener
	config, err := o.Config()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// A server must start even if kube-apiserver is not there yet: nothing listens at the address in
// its kubeconfig.
func TestConfig(t *testing.T) {
	config := config(t, "--profile=capsule-proxy", "--list-node-images", "--native-rbac-review-interval=7s", "--shutdown-delay-duration=3s", "--profiling")
	type summary struct {
		Host          string
		Policy        grants.Policy
		Kinds         kinds.Options
		Interval      time.Duration
		ShutdownDelay time.Duration
		Profiling     bool
		MaxStreams    int
		HasReviews    bool
	}
	want := summary{"https://127.0.0.1:1", grants.CapsuleProxyPolicy(), kinds.Options{ListNodeImages: true}, 7 * time.Second, 3 * time.Second, true, 1000, true}
	got := summary{
		config.Cluster.Host, config.Policy, config.Kinds, config.ReviewInterval, config.Generic.ShutdownDelayDuration,
		config.Generic.EnableProfiling, config.Generic.SecureServing.HTTP2MaxStreamsPerConnection, config.Reviews != nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

// The certificate that the server makes itself is for the name by which it is reached, and the
// monitor learns the files and the name.
func TestCertificate(t *testing.T) {
	made := config(t, "--serving-name=a.b.svc")
	if diff := cmp.Diff(servingcert.Options{Name: "a.b.svc"}, made.Certificate); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	content, key := made.Generic.SecureServing.Cert.CurrentCertKeyContent()
	dir := t.TempDir()
	files := servingcert.Options{CertFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key"), Name: "c.d.svc"}
	for file, data := range map[string][]byte{files.CertFile: content, files.KeyFile: key} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	leaf, err := servingcert.Load(files.CertFile, files.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := leaf.VerifyHostname("a.b.svc"); err != nil {
		t.Error(err)
	}
	given := config(t, "--serving-name=c.d.svc", "--tls-cert-file="+files.CertFile, "--tls-private-key-file="+files.KeyFile)
	if diff := cmp.Diff(files, given.Certificate); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
