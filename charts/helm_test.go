// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package charts_test renders the chart with helm, once for each branch of its values.
package charts_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"capsule.dev/tenantview/e2e/build"
)

const (
	chart = "tenantview"
	// The release that the tests render, and its namespace.
	release, namespace = "tv", "tenantview-system"
	// name is that of most objects, whatever the release is called.
	name = "tenantview-apiserver"
)

// helmProgram is the path of helm, and helmHome a folder for its files.
var helmProgram, helmHome string

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	root, err := build.RepositoryRoot(".")
	if err != nil {
		return 1, err
	}
	if helmProgram, err = build.Helm(context.Background(), root, filepath.Join(root, ".run", "bin"), nil); err != nil {
		return 1, err
	}
	if helmHome, err = os.MkdirTemp("", "charts"); err != nil {
		return 1, err
	}
	defer os.RemoveAll(helmHome)
	return m.Run(), nil
}

// helm runs helm with values in YAML. Its error is what helm has said.
func helm(t *testing.T, values string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), helmProgram, append(args, "--values=-")...)
	cmd.Stdin = strings.NewReader(values)
	cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+helmHome, "HELM_CONFIG_HOME="+helmHome, "HELM_DATA_HOME="+helmHome,
		"KUBECONFIG="+filepath.Join(helmHome, "none"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("helm %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// objects are what the chart renders, by KIND/NAME.
type objects map[string]*unstructured.Unstructured

// manifests are what values have rendered so far. They are never removed: there are few, and a run of helm takes long.
var manifests sync.Map

// manifest returns what values render.
func manifest(t *testing.T, values string) string {
	t.Helper()
	if known, ok := manifests.Load(values); ok {
		return known.(string)
	}
	out, err := helm(t, values, "template", release, chart, "--namespace="+namespace)
	if err != nil {
		t.Fatal(err)
	}
	manifests.Store(values, out)
	return out
}

// render returns the objects that values give. If TENANTVIEW_RENDERED names a folder, the manifest is left there for
// kubeconform.
func render(t *testing.T, values string) objects {
	t.Helper()
	out := manifest(t, values)
	if dir := os.Getenv("TENANTVIEW_RENDERED"); dir != "" {
		file := fmt.Sprintf("%x.yaml", sha256.Sum256([]byte(values)))
		if err := os.WriteFile(filepath.Join(dir, file), []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return decode(t, out)
}

func decode(t *testing.T, manifest string) objects {
	t.Helper()
	all := objects{}
	for document := range strings.SplitSeq("\n"+manifest, "\n---") {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		if object.Object == nil {
			continue // only comments
		}
		key := object.GetKind() + "/" + object.GetName()
		if all[key] != nil {
			t.Errorf("%s is rendered twice", key)
		}
		all[key] = object
	}
	return all
}

// as decodes one of the objects, strictly: an unknown field is a misspelt one.
func as[T any](t *testing.T, all objects, key string) *T {
	t.Helper()
	object, ok := all[key]
	if !ok {
		t.Fatalf("%s is not rendered", key)
	}
	into := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, into, true); err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return into
}
