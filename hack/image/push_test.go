// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"log"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// A cluster pulls by the tag, for its platform, and finds the SBOM at the image.
func TestPush(t *testing.T) {
	repository, out := sharedImage(t)
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	image := strings.TrimPrefix(server.URL, "http://") + "/mirror/tenantview"
	if err := run(t.Context(), []string{"push", "-root", repository, "-out", out, "-image", image}); err != nil {
		t.Fatal(err)
	}
	ref := must(name.NewTag(image + ":v1.2.3"))(t)
	index := must(remote.Index(ref))(t)
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	if got, want := must(index.Digest())(t).String(), strings.TrimSpace(read(t, filepath.Join(out, digestFile))); got != want {
		t.Errorf("the registry has %s, want %s", got, want)
	}
	for _, m := range must(index.IndexManifest())(t).Manifests {
		referrers := must(must(remote.Referrers(ref.Context().Digest(m.Digest.String())))(t).IndexManifest())(t).Manifests
		if len(referrers) != 1 {
			t.Fatalf("%s has the referrers %v, want one SBOM", m.Platform, referrers)
		}
		sbom := must(remote.Image(ref.Context().Digest(referrers[0].Digest.String())))(t)
		content := must(must(sbom.Layers())(t)[0].Compressed())(t)
		if got := string(must(io.ReadAll(content))(t)); got != read(t, filepath.Join(out, fileName(*m.Platform, "cdx.json"))) {
			t.Errorf("what refers to %s is not its SBOM", m.Platform)
		}
	}
}
