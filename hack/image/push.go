// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// push sends what build has written to out to a registry: the images of all platforms under the tag, and
// their SBOMs. It logs in as "docker login" or "podman login" has said.
func push(ctx context.Context, out string, ref name.Tag) error {
	index, err := layout.ImageIndexFromPath(filepath.Join(out, layoutDir))
	if err != nil {
		return fmt.Errorf("%w: run make image first", err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)}
	var digest v1.Hash
	for i := range manifest.Manifests {
		m := &manifest.Manifests[i]
		switch {
		case m.MediaType.IsIndex():
			images, err := index.ImageIndex(m.Digest)
			if err != nil {
				return err
			}
			if err := remote.WriteIndex(ref, images, options...); err != nil {
				return fmt.Errorf("pushing %s: %w", ref, err)
			}
			digest = m.Digest
		case m.MediaType.IsImage():
			sbom, err := index.Image(m.Digest)
			if err != nil {
				return err
			}
			if err := remote.Write(ref.Context().Digest(m.Digest.String()), sbom, options...); err != nil {
				return fmt.Errorf("pushing an SBOM to %s: %w", ref.Context(), err)
			}
		}
	}
	fmt.Printf("pushed %s@%s\n", ref, digest)
	return nil
}
