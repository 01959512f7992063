// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Command artifacts renders the manifests of artifacts/ from the chart, for those who install without helm, and for
// the development control plane. With -check it only says whether they are up to date.
package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"capsule.dev/tenantview/e2e/build"
)

// variant is a file of artifacts/.
type variant struct {
	file, about string
	values      []string
	// addition leaves out what the first variant has, too, and the Deployment.
	addition bool
}

// given are the values for a certificate that somebody else makes.
var given = []string{"certificates.source=secret", "certificates.secret.name=tenantview-apiserver-tls", "certificates.caBundle=" + placeholder}

var variants = []variant{
	{
		file: "tenantview.yaml",
		about: `A complete installation whose serving certificate is yours. Before you apply it,
- put a certificate for tenantview-apiserver.tenantview-system.svc into the Secret tenantview-apiserver-tls
  of the type kubernetes.io/tls in the namespace tenantview-system, and
- set the caBundle of the APIService below to the base64-encoded PEM certificate of its authority.`,
		values: given,
	},
	{
		file:   "cert-manager.yaml",
		about:  "A complete installation for clusters with cert-manager, which issues the serving certificate.",
		values: []string{"certificates.source=cert-manager"},
	},
	{
		file: "capsule-users.yaml", addition: true,
		about:  "What the server's flag --capsule-users-only needs besides. Set the flag in the Deployment, and apply this file after the other.",
		values: append([]string{"policy.capsuleUsersOnly=true"}, given...),
	},
	{
		file: "writes.yaml", addition: true,
		about: `What the server's flag --enable-writes needs besides. Set the flag in the Deployment, and apply this file after
the other. Read docs/security.md first: whoever has the server's credentials can then act as any user.`,
		values: append([]string{"writes.enabled=true"}, given...),
	},
}

// The place of the caBundle, which the reader has to fill in. The chart encodes it.
const placeholder = "-----BEGIN CERTIFICATE-----YOURS-----END CERTIFICATE-----"

var encoded = "caBundle: " + base64.StdEncoding.EncodeToString([]byte(placeholder))

// intro begins a file.
const intro = `# Rendered from charts/tenantview by "make generate". Do not edit.
#
%s
`

// namespace is part of a complete installation. The chart leaves it to helm.
const namespace = `apiVersion: v1
kind: Namespace
metadata:
  name: tenantview-system
  labels:
    app.kubernetes.io/name: tenantview-apiserver
    pod-security.kubernetes.io/enforce: restricted
`

func main() {
	check := flag.Bool("check", false, "Change nothing, and fail if a file is not up to date.")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *check)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "artifacts:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, check bool) error {
	root, err := build.RepositoryRoot(".")
	if err != nil {
		return err
	}
	display := build.NewDisplay(os.Stdout)
	helm, err := build.Helm(ctx, root, filepath.Join(root, ".run", "bin"), display.Report)
	display.Close()
	if err != nil {
		return err
	}
	chart := filepath.Join(root, "charts", "tenantview")
	base, err := variants[0].render(ctx, helm, chart)
	if err != nil {
		return err
	}
	var stale []error
	for _, v := range variants {
		documents, err := v.render(ctx, helm, chart)
		if err != nil {
			return err
		}
		out := v.write(documents, base)
		path := filepath.Join(root, "artifacts", v.file)
		if !check {
			if err := os.WriteFile(path, out, 0o644); err != nil {
				return err
			}
			continue
		}
		if old, err := os.ReadFile(path); err != nil || !bytes.Equal(old, out) {
			stale = append(stale, fmt.Errorf("artifacts/%s is not what the chart renders: run make generate", v.file))
		}
	}
	return errors.Join(stale...)
}

// render returns the documents that helm renders, without what says that they belong to a release.
func (v variant) render(ctx context.Context, helm, chart string) ([]string, error) {
	args := []string{"template", "tenantview", chart, "--namespace=tenantview-system", "--no-hooks"}
	for _, value := range v.values {
		args = append(args, "--set", value)
	}
	cmd := exec.CommandContext(ctx, helm, args...)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("helm %s: %w: %s", strings.Join(args, " "), err, problems.String())
	}
	return split(string(out)), nil
}

// split returns the documents in the output of helm.
func split(rendered string) []string {
	var documents []string
	document := &strings.Builder{}
	for line := range strings.Lines(rendered + "\n---\n") {
		line = strings.TrimRight(line, " \n")
		switch trimmed := strings.TrimSpace(line); {
		case line == "---":
			if document.Len() > 0 {
				documents = append(documents, document.String())
			}
			document.Reset()
		case trimmed == "", strings.HasPrefix(trimmed, "app.kubernetes.io/managed-by:"), strings.HasPrefix(trimmed, "helm.sh/chart:"), strings.HasPrefix(line, "# Source:"):
		case trimmed == encoded:
			// The reader fills it in. Empty, kube-apiserver would trust the authorities of its own system.
			document.WriteString(strings.Replace(line, encoded, `caBundle: ""`, 1) + "\n")
		default:
			document.WriteString(line + "\n")
		}
	}
	return documents
}

// write returns the content of the file.
func (v variant) write(documents, base []string) []byte {
	if v.addition {
		documents = slices.DeleteFunc(documents, func(d string) bool { return slices.Contains(base, d) || strings.Contains(d, "\nkind: Deployment\n") })
	} else {
		documents = append([]string{namespace}, documents...)
	}
	about := "# " + strings.ReplaceAll(v.about, "\n", "\n# ")
	return []byte(fmt.Sprintf(intro, about) + strings.Join(documents, "---\n"))
}
