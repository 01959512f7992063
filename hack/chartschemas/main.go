// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Command chartschemas writes a JSON schema for every kind that the chart can render, for kubeconform. It takes them
// from the modules that pin the kinds' programs: the OpenAPI document of kube-apiserver, and the custom resource
// definitions of cert-manager and of the Prometheus operator. So no schema comes from a network at the time of a
// check.
//
//	chartschemas DIR
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// schema is a JSON schema, or a part of one.
type schema = map[string]any

// gvk names a kind. The group is empty for the core group.
type gvk struct{ Group, Version, Kind string }

// file is the name that the template of verify-chart.sh gives to a kind's schema. kubeconform takes the version of
// the core group for its name.
func (k gvk) file() string {
	group := k.Group
	if group == "" {
		group = k.Version
	}
	return strings.ToLower(fmt.Sprintf("%s_%s_%s.json", group, k.Version, k.Kind))
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: chartschemas DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "chartschemas:", err)
		os.Exit(1)
	}
}

func run(output string) error {
	kubernetes, err := moduleDir("hack/controlplane", "k8s.io/kubernetes")
	if err != nil {
		return err
	}
	document, err := os.ReadFile(filepath.Join(kubernetes, "api", "openapi-spec", "swagger.json"))
	if err != nil {
		return err
	}
	schemas, err := fromOpenAPI(document)
	if err != nil {
		return fmt.Errorf("the OpenAPI document of kube-apiserver: %w", err)
	}
	for module, folder := range map[string]string{
		"github.com/cert-manager/cert-manager":               "deploy/crds",
		"github.com/prometheus-operator/prometheus-operator": "example/prometheus-operator-crd",
	} {
		dir, err := moduleDir("hack/tools/kubeconform", module)
		if err != nil {
			return err
		}
		files, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(folder), "*.yaml"))
		if err != nil {
			return err
		}
		if len(files) == 0 {
			return fmt.Errorf("%s has no definitions in %s", module, folder)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if err := addCRD(schemas, data); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return write(output, schemas)
}

// moduleDir returns the folder of a module that the go.mod in dir pins. It downloads the module if it is missing.
func moduleDir(dir, module string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = filepath.FromSlash(dir)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	var answer struct{ Dir, Error string }
	if jerr := json.Unmarshal(out, &answer); jerr == nil && answer.Error != "" {
		err = errors.New(answer.Error)
	}
	if err != nil {
		return "", fmt.Errorf("downloading %s of %s: %w", module, dir, err)
	}
	return answer.Dir, nil
}

func write(output string, schemas map[gvk]schema) error {
	if err := os.MkdirAll(output, 0o755); err != nil {
		return err
	}
	for kind, s := range schemas {
		data, err := json.Marshal(s)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(output, kind.file()), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
