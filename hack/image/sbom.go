// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"runtime/debug"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/uuid"
)

// sbomType is the media type of an SBOM.
const sbomType = "application/vnd.cyclonedx+json"

// rootsModule is where the CA certificates of the image come from.
const rootsModule = "golang.org/x/crypto/x509roots/fallback"

// newSBOM returns the CycloneDX document that lists what is in an image: the modules and the version of Go
// that the binary says it was built from, and the CA certificates. The same binary gives the same document:
// its serial number comes from the binary, and its time from the commit.
func newSBOM(v version, platform v1.Platform, binary []byte) ([]byte, error) {
	build, err := buildinfo.Read(bytes.NewReader(binary))
	if err != nil {
		return nil, fmt.Errorf("reading from what the binary was built: %w", err)
	}
	sum := sha256.Sum256(binary)
	main := component(cdx.ComponentTypeApplication, build.Main.Path, v.name)
	main.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}}
	main.PackageURL += "?goarch=" + platform.Architecture + "&goos=" + platform.OS
	// After a space, experiments that the compiler was built with.
	goVersion, _, _ := strings.Cut(strings.TrimPrefix(build.GoVersion, "go"), " ")
	components := []cdx.Component{component(cdx.ComponentTypeLibrary, "stdlib", goVersion)}
	for _, dep := range build.Deps {
		if dep.Replace != nil {
			dep = dep.Replace
		}
		components = append(components, component(cdx.ComponentTypeLibrary, dep.Path, dep.Version))
	}
	roots, err := rootsVersion()
	if err != nil {
		return nil, err
	}
	components = append(components, component(cdx.ComponentTypeData, rootsModule, roots))
	refs := make([]string, len(components))
	for i := range components {
		refs[i] = components[i].BOMRef
	}
	bom := cdx.NewBOM()
	bom.SerialNumber = uuid.NewSHA1(uuid.NameSpaceOID, sum[:]).URN()
	bom.Metadata = &cdx.Metadata{Timestamp: v.date.Format("2006-01-02T15:04:05Z"), Component: &main}
	bom.Components = &components
	bom.Dependencies = &[]cdx.Dependency{{Ref: main.BOMRef, Dependencies: &refs}}
	var out bytes.Buffer
	encoder := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true)
	if err := encoder.EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return nil, fmt.Errorf("encoding the SBOM: %w", err)
	}
	return out.Bytes(), nil
}

// component returns a Go module. Scanners look for vulnerabilities by its package URL; they know those of the
// standard library as stdlib.
func component(kind cdx.ComponentType, path, version string) cdx.Component {
	purl := "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
	return cdx.Component{Type: kind, BOMRef: purl, Name: path, Version: version, PackageURL: purl}
}

// rootsVersion returns the version of rootsModule that this program was built with.
func rootsVersion() (string, error) {
	build, ok := debug.ReadBuildInfo()
	if ok {
		for _, dep := range build.Deps {
			if dep.Path == rootsModule {
				return dep.Version, nil
			}
		}
	}
	return "", fmt.Errorf("this program does not know its version of %s", rootsModule)
}
