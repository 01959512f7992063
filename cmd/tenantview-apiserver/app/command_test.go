// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/util/cert"
	logsapi "k8s.io/component-base/logs/api/v1"
)

// Each test runs its own command, which applies the logging flags again.
func init() { logsapi.ReapplyHandling = logsapi.ReapplyHandlingIgnoreUnchanged }

// execute runs the command up to the point where it would serve. It returns the output and the
// error.
func execute(args ...string) (string, error) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var output bytes.Buffer
	cmd := NewCommand()
	cmd.SetArgs(args)
	cmd.SetOut(&output)
	cmd.SetErr(&output)
	err := cmd.ExecuteContext(ctx)
	return output.String(), err
}

const kubeconfig = `{"apiVersion": "v1", "kind": "Config", "current-context": "c",
	"clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"%s}}],
	"contexts": [{"name": "c", "context": {"cluster": "c"}}]}`

// files are the files that the tests' flags refer to as {NAME}.
var files = map[string]string{
	"kubeconfig":   fmt.Sprintf(kubeconfig, ""),
	"without-ca":   fmt.Sprintf(kubeconfig, `, "certificate-authority": "absent.crt"`),
	"no-cluster":   `{"apiVersion": "v1", "kind": "Config", "current-context": "c"}`,
	"empty":        "",
	"garbage":      "a: b: c\n- d\n",
	"tracing-rate": "apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\nsamplingRatePerMillion: 1000001\n",
	"tracing-url":  "apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\nendpoint: https://collector:4317\n",
	"audit-policy": "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n",
}

// Each mistake gives a one-line error: that is all an administrator sees in the log of a pod that
// does not start.
func TestWrongFlags(t *testing.T) {
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a", "b"} {
		certificate, key, err := cert.GenerateSelfSignedCertKey(name, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for file, content := range map[string][]byte{name + ".crt": certificate, name + ".key": key} {
			if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	// This port is taken.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	taken := fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)

	cases := map[string]struct {
		args []string
		// want lists what the line must contain: flags and reasons.
		want []string
		// alone leaves out the valid flags that the case does not change.
		alone bool
	}{
		"no kubeconfig outside of a cluster": {nil, []string{"--kubeconfig: not set, and this is not a pod"}, true},
		"kubeconfig, absent":                 {[]string{"--kubeconfig={absent}"}, []string{"--kubeconfig: open {absent}: no such file"}, false},
		"kubeconfig, a directory":            {[]string{"--kubeconfig={}"}, []string{"--kubeconfig: read {}: is a directory"}, false},
		"kubeconfig, garbage":                {[]string{"--kubeconfig={garbage}"}, []string{"--kubeconfig: ", "{garbage}", "yaml"}, false},
		"kubeconfig, empty":                  {[]string{"--kubeconfig={empty}"}, []string{"--kubeconfig: invalid configuration"}, false},
		"kubeconfig, no cluster":             {[]string{"--kubeconfig={no-cluster}"}, []string{"--kubeconfig: invalid configuration", "no server"}, false},
		"kubeconfig, no CA":                  {[]string{"--kubeconfig={without-ca}"}, []string{"--kubeconfig: invalid configuration", "absent.crt"}, false},
		"authentication, absent":             {[]string{"--authentication-kubeconfig={absent}"}, []string{"--authentication-kubeconfig: open {absent}: no such file"}, false},
		"authentication, garbage":            {[]string{"--authentication-kubeconfig={garbage}"}, []string{"--authentication-kubeconfig: ", "yaml"}, false},
		"authorization, absent":              {[]string{"--authorization-kubeconfig={absent}"}, []string{"--authorization-kubeconfig: open {absent}: no such file"}, false},
		"authorization, garbage":             {[]string{"--authorization-kubeconfig={garbage}"}, []string{"--authorization-kubeconfig: ", "yaml"}, false},
		"authorization, path":                {[]string{"--authorization-always-allow-paths=/a*b"}, []string{"--authorization-always-allow-paths: ", `a*b"`}, false},
		"client CA, absent":                  {[]string{"--client-ca-file={absent}"}, []string{"--client-ca-file: open {absent}: no such file"}, false},
		"client CA, garbage":                 {[]string{"--client-ca-file={garbage}"}, []string{"--client-ca-file: ", "certificates"}, false},
		"front proxy CA, absent":             {[]string{"--requestheader-client-ca-file={absent}"}, []string{"--requestheader-client-ca-file: open {absent}: no such file"}, false},
		"front proxy CA, garbage":            {[]string{"--requestheader-client-ca-file={garbage}"}, []string{"--requestheader-client-ca-file: ", "certificates"}, false},
		"certificate, absent":                {[]string{"--tls-cert-file={absent}", "--tls-private-key-file={absent}"}, []string{"--tls-cert-file, --tls-private-key-file: open {absent}: no such file"}, false},
		"certificate, garbage":               {[]string{"--tls-cert-file={garbage}", "--tls-private-key-file={garbage}"}, []string{"--tls-cert-file, --tls-private-key-file: {garbage}: no usable PEM certificate"}, false},
		"key of another certificate":         {[]string{"--tls-cert-file={a.crt}", "--tls-private-key-file={b.key}"}, []string{"--tls-cert-file, --tls-private-key-file: {b.key}: the private key is not the one of the certificate in {a.crt}"}, false},
		"serving name":                       {[]string{"--serving-name=a_b"}, []string{`--serving-name: "a_b" is not a DNS name like SERVICE.NAMESPACE.svc`}, false},
		"certificate without key":            {[]string{"--tls-cert-file={garbage}"}, []string{"--tls-cert-file, --tls-private-key-file: set both"}, false},
		"key without certificate":            {[]string{"--tls-private-key-file={garbage}"}, []string{"--tls-cert-file, --tls-private-key-file: set both"}, false},
		"certificate for a name, absent":     {[]string{"--tls-sni-cert-key={absent},{absent}"}, []string{"--tls-sni-cert-key: open {absent}: no such file"}, false},
		"certificate directory":              {[]string{"--cert-dir={empty}/x"}, []string{"--cert-dir: ", "not a directory"}, false},
		"TLS version":                        {[]string{"--tls-min-version=TLS9"}, []string{"--tls-min-version: ", `"TLS9"`}, false},
		"cipher suite":                       {[]string{"--tls-cipher-suites=rot13"}, []string{"--tls-cipher-suites: ", "rot13"}, false},
		"port, none":                         {[]string{"--secure-port=0"}, []string{"--secure-port 0 must be between 1 and 65535"}, false},
		"port, too high":                     {[]string{"--secure-port=70000"}, []string{"--secure-port 70000 must be between 1 and 65535"}, false},
		"port, taken":                        {[]string{"--secure-port=" + taken}, []string{"--bind-address, --secure-port: ", "127.0.0.1:" + taken, "address already in use"}, false},
		"address":                            {[]string{"--bind-address=here"}, []string{"--bind-address", `"here"`}, false},
		"audit policy, absent":               {[]string{"--audit-policy-file={absent}"}, []string{"--audit-policy-file: open {absent}: no such file"}, false},
		"audit policy, garbage":              {[]string{"--audit-policy-file={garbage}", "--audit-log-path=-"}, []string{"--audit-policy-file", "{garbage}"}, false},
		"audit webhook, absent":              {[]string{"--audit-webhook-config-file={absent}"}, []string{"--audit-webhook-config-file: open {absent}: no such file"}, false},
		"audit format":                       {[]string{"--audit-log-format=rhyme", "--audit-log-path=-"}, []string{"--audit-log-format", "rhyme"}, false},
		"tracing, absent":                    {[]string{"--tracing-config-file={absent}"}, []string{"--tracing-config-file: ", "open {absent}: no such file"}, false},
		"tracing, garbage":                   {[]string{"--tracing-config-file={garbage}"}, []string{"--tracing-config-file: ", "unable to decode"}, false},
		"tracing, another kind":              {[]string{"--tracing-config-file={audit-policy}"}, []string{"--tracing-config-file: ", "audit.k8s.io"}, false},
		"tracing, rate":                      {[]string{"--tracing-config-file={tracing-rate}"}, []string{"--tracing-config-file: {tracing-rate}: samplingRatePerMillion: ", "1000001"}, false},
		"tracing, endpoint":                  {[]string{"--tracing-config-file={tracing-url}"}, []string{"--tracing-config-file: {tracing-url}: endpoint: ", "unsupported scheme: https"}, false},
		"profile":                            {[]string{"--profile=strict"}, []string{`--profile: "strict" is not one of default, capsule-proxy`}, false},
		"setting":                            {[]string{"--owner-grants=All"}, []string{"--owner-grants", `"All"`, "must be one of ProxySettings, Implicit"}, false},
		"setting, empty":                     {[]string{"--unset-classes="}, []string{"--unset-classes", "must be one of All, None"}, false},
		"setting, another's value":           {[]string{"--global-proxy-settings=All"}, []string{"--global-proxy-settings", "must be one of On, Off"}, false},
		"switch":                             {[]string{"--capsule-users-only=maybe"}, []string{"--capsule-users-only", `"maybe"`}, false},
		"duration, none":                     {[]string{"--shutdown-delay-duration=long"}, []string{"--shutdown-delay-duration", `"long"`}, false},
		"duration, negative":                 {[]string{"--shutdown-delay-duration=-1s"}, []string{"--shutdown-delay-duration: must not be negative"}, false},
		"review interval":                    {[]string{"--native-rbac-review-interval=1ms"}, []string{"--native-rbac-review-interval: must be at least a second"}, false},
		"log format":                         {[]string{"--logging-format=rhyme"}, []string{"--logging-format", `"rhyme"`}, false},
		"verbosity":                          {[]string{"--v=loud"}, []string{"--v", `"loud"`}, false},
		"metrics":                            {[]string{"--disabled-metrics=a b"}, []string{"--disabled-metrics", "a b"}, false},
		"no flag":                            {[]string{"--nothing"}, []string{"--nothing"}, false},
		"an argument":                        {[]string{"serve"}, []string{`"serve"`}, false},
		"several at a time": {
			[]string{"--kubeconfig={absent}", "--client-ca-file={garbage}", "--profile=strict", "--shutdown-delay-duration=-1s"},
			[]string{"--kubeconfig: ", "--client-ca-file: ", "--profile: ", "--shutdown-delay-duration: "}, false,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			expand := strings.NewReplacer("{}", dir, "{", dir+"/", "}", "")
			var args []string
			if !tc.alone {
				args = []string{"--kubeconfig={kubeconfig}", "--bind-address=127.0.0.1"}
			}
			args = append(args, tc.args...)
			for i := range args {
				args[i] = expand.Replace(args[i])
			}
			output, err := execute(args...)
			if err == nil {
				t.Fatal("no error")
			}
			line := err.Error()
			for _, want := range tc.want {
				if want = expand.Replace(want); !strings.Contains(line, want) {
					t.Errorf("error %q does not contain %q", line, want)
				}
			}
			if strings.Contains(line, "\n") || output != "" {
				t.Errorf("want a one-line error and no output: error %q, output %q", line, output)
			}
			if name != "several at a time" && strings.HasPrefix(line, "[") {
				t.Errorf("one mistake gives several errors: %q", line)
			}
		})
	}
}

func TestVersionFlag(t *testing.T) {
	output, err := execute("--version")
	if err != nil || strings.Count(output, "\n") != 1 || strings.TrimSpace(output) == "" {
		t.Errorf("output %q, error %v", output, err)
	}
}

// The help groups its flags: a flat list of eighty would be hard to read.
func TestHelpGroupsFlags(t *testing.T) {
	output, err := execute("--help")
	if err != nil {
		t.Fatal(err)
	}
	var sections []string
	at := map[string]string{}
	for line := range strings.Lines(output) {
		if section, ok := strings.CutSuffix(strings.TrimSpace(line), " flags:"); ok {
			sections = append(sections, section)
		}
		for word := range strings.FieldsSeq(line) {
			if name, ok := strings.CutPrefix(word, "--"); ok && len(sections) > 0 {
				if _, ok := at[name]; !ok && strings.HasPrefix(strings.TrimSpace(line), "-") {
					at[name] = sections[len(sections)-1]
				}
				break
			}
		}
	}
	want := []string{"Visibility", "Writes", "Cluster", "Serving", "Authentication", "Authorization", "Audit", "Tracing", "Metrics", "Logs", "Global"}
	if diff := cmp.Diff(want, sections); diff != "" {
		t.Errorf("sections (-want +got):\n%s", diff)
	}
	for flag, section := range map[string]string{
		"profile": "Visibility", "owner-grants": "Visibility", "list-node-images": "Visibility", "enable-writes": "Writes", "kubeconfig": "Cluster",
		"secure-port": "Serving", "shutdown-delay-duration": "Serving", "authentication-kubeconfig": "Authentication",
		"authorization-kubeconfig": "Authorization", "audit-policy-file": "Audit", "tracing-config-file": "Tracing", "disabled-metrics": "Metrics", "v": "Logs", "version": "Global",
	} {
		if at[flag] != section {
			t.Errorf("--%s is in section %q, want %q", flag, at[flag], section)
		}
	}
	if !slices.Contains(strings.Split(output, "\n"), "Usage:") {
		t.Errorf("no usage in %q", output[:min(len(output), 300)])
	}
}
