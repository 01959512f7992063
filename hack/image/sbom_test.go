// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	"github.com/xeipuuv/gojsonschema"
)

// What the binary contains must be in it: scanners read nothing else.
func TestSBOM(t *testing.T) {
	_, out := sharedImage(t)
	for _, arch := range []string{"amd64", "arm64"} {
		data := []byte(read(t, filepath.Join(out, "tenantview-apiserver-linux-"+arch+".cdx.json")))
		var bom cdx.BOM
		if err := cdx.NewBOMDecoder(bytes.NewReader(data), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range *bom.Components {
			got = append(got, c.PackageURL)
		}
		want := []string{
			"pkg:golang/stdlib@" + strings.TrimPrefix(runtime.Version(), "go"),
			"pkg:golang/github.com/google/uuid@v1.6.0",
			"pkg:golang/" + rootsModule + "@" + required(t, rootsModule),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("components for %s (-want +got):\n%s", arch, diff)
		}
		if p := bom.Metadata.Component.PackageURL; p != "pkg:golang/capsule.dev/tenantview@v1.2.3?goarch="+arch+"&goos=linux" {
			t.Errorf("the component is %s", p)
		}
		if bom.Metadata.Timestamp != "2001-09-09T01:46:40Z" {
			t.Errorf("timestamp %s", bom.Metadata.Timestamp)
		}
		validateSBOM(t, data)
	}
}

// validateSBOM checks a document against the schema of CycloneDX.
func validateSBOM(t *testing.T, data []byte) {
	t.Helper()
	dir := strings.TrimSpace(string(must(exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output())(t)))
	load := func(name string) gojsonschema.JSONLoader {
		return gojsonschema.NewStringLoader(read(t, filepath.Join(dir, "schema", name)))
	}
	// Without these two it would look for them in the Internet.
	loader := gojsonschema.NewSchemaLoader()
	if err := loader.AddSchemas(load("spdx.schema.json"), load("jsf-0.82.schemax.json")); err != nil {
		t.Fatal(err)
	}
	schema := must(loader.Compile(load("bom-1.6.schema.json")))(t)
	result := must(schema.Validate(gojsonschema.NewBytesLoader(data)))(t)
	for _, e := range result.Errors() {
		t.Errorf("the SBOM is not valid: %s", e)
	}
}

// The SBOM is found from the image that it describes.
func TestSBOMRefersToItsImage(t *testing.T) {
	_, out := sharedImage(t)
	index, sboms := openLayout(t, out)
	images := must(index.IndexManifest())(t).Manifests
	if len(sboms) != len(images) {
		t.Fatalf("%d SBOMs for %d images", len(sboms), len(images))
	}
	for i, sbom := range sboms {
		manifest := must(sbom.Manifest())(t)
		if manifest.ArtifactType != sbomType || manifest.Subject == nil || manifest.Subject.Digest != images[i].Digest {
			t.Errorf("type %s, subject %v, want %s and %s", manifest.ArtifactType, manifest.Subject, sbomType, images[i].Digest)
		}
		content := must(must(sbom.Layers())(t)[0].Compressed())(t)
		if got := string(must(io.ReadAll(content))(t)); got != read(t, filepath.Join(out, fileName(*images[i].Platform, "cdx.json"))) {
			t.Errorf("for %s the attached SBOM is not the file", images[i].Platform)
		}
	}
}

// required returns the version of a module that go.mod requires.
func required(t *testing.T, path string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-m", "-json", path)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var module struct{ Version string }
	if err := json.Unmarshal(must(cmd.Output())(t), &module); err != nil {
		t.Fatal(err)
	}
	return module.Version
}
