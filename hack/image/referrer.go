// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// emptyType is that of the configuration {} of what is no image.
const emptyType types.MediaType = "application/vnd.oci.empty.v1+json"

// artifact is a manifest that attaches one file to an image: an artifact of the OCI image specification 1.1.
// Registries list it among the referrers of its subject.
type artifact struct {
	manifest []byte
	config   v1.Hash
	layer    v1.Layer
}

var _ partial.CompressedImageCore = &artifact{}

// newReferrer returns an artifact with a file, given to subject.
func newReferrer(subject v1.Image, mediaType string, data []byte, annotations map[string]string) (v1.Image, error) {
	described, err := partial.Descriptor(subject)
	if err != nil {
		return nil, err
	}
	config, layer := static.NewLayer([]byte("{}"), emptyType), static.NewLayer(data, types.MediaType(mediaType))
	blobs := make([]*v1.Descriptor, 2)
	for i, blob := range []v1.Layer{config, layer} {
		if blobs[i], err = partial.Descriptor(blob); err != nil {
			return nil, err
		}
	}
	manifest, err := json.Marshal(v1.Manifest{
		SchemaVersion: 2,
		MediaType:     types.OCIManifestSchema1,
		ArtifactType:  mediaType,
		Config:        *blobs[0],
		Layers:        []v1.Descriptor{*blobs[1]},
		Subject:       &v1.Descriptor{MediaType: described.MediaType, Size: described.Size, Digest: described.Digest},
		Annotations:   annotations,
	})
	if err != nil {
		return nil, err
	}
	return partial.CompressedToImage(&artifact{manifest: manifest, config: blobs[0].Digest, layer: layer})
}

// MediaType implements partial.CompressedImageCore.
func (a *artifact) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

// RawManifest implements partial.CompressedImageCore.
func (a *artifact) RawManifest() ([]byte, error) { return a.manifest, nil }

// RawConfigFile implements partial.CompressedImageCore.
func (a *artifact) RawConfigFile() ([]byte, error) { return []byte("{}"), nil }

// LayerByDigest implements partial.CompressedImageCore.
func (a *artifact) LayerByDigest(digest v1.Hash) (partial.CompressedLayer, error) {
	if d, err := a.layer.Digest(); err != nil || d != digest {
		return nil, fmt.Errorf("no layer %s: %w", digest, err)
	}
	return a.layer, nil
}
