// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// port is where the server listens by default.
const port = "8443/tcp"

// module is where the source is found: a Go import path leads to the repository.
const module = "capsule.dev/tenantview"

// annotations describe the image, as labels of its configuration and as annotations of its manifests. The
// names are those of the OCI image specification.
func annotations(v version) map[string]string {
	all := map[string]string{
		"org.opencontainers.image.title":         "tenantview-apiserver",
		"org.opencontainers.image.description":   "Aggregated API server that shows users the cluster objects that their tenants may see",
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.vendor":        "The tenantview Authors",
		"org.opencontainers.image.url":           "https://" + module,
		"org.opencontainers.image.source":        "https://" + module,
		"org.opencontainers.image.documentation": "https://" + module,
		"org.opencontainers.image.version":       v.name,
		"org.opencontainers.image.created":       v.date.Format("2006-01-02T15:04:05Z"),
	}
	if v.commit != "" {
		all["org.opencontainers.image.revision"] = v.commit
	}
	return all
}

// newImage returns the image of a platform, from nothing but baseFiles and the binary.
func newImage(v version, platform v1.Platform, binary []byte) (v1.Image, error) {
	created := v1.Time{Time: v.date}
	img, err := mutate.ConfigFile(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), &v1.ConfigFile{
		Architecture: platform.Architecture,
		OS:           platform.OS,
		Author:       "The tenantview Authors",
		Created:      created,
		RootFS:       v1.RootFS{Type: "layers"},
		Config: v1.Config{
			User:         fmt.Sprintf("%d:%[1]d", uid),
			Entrypoint:   []string{"/" + binaryName},
			Env:          []string{"PATH=/"},
			WorkingDir:   "/",
			ExposedPorts: map[string]struct{}{port: {}},
			Labels:       annotations(v),
		},
	})
	if err != nil {
		return nil, err
	}
	for _, part := range []struct {
		comment string
		files   []file
	}{
		{"CA certificates and the user nonroot", baseFiles()},
		{"tenantview-apiserver " + v.name, binaryFiles(binary)},
	} {
		layer, err := newLayer(part.files)
		if err != nil {
			return nil, err
		}
		img, err = mutate.Append(img, mutate.Addendum{Layer: layer, History: v1.History{Created: created, CreatedBy: "hack/image", Comment: part.comment}})
		if err != nil {
			return nil, err
		}
	}
	return mutate.Annotations(img, annotations(v)).(v1.Image), nil
}

func newLayer(files []file) (v1.Layer, error) {
	data, err := archive(files)
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(gzip.BestCompression), tarball.WithCompressedCaching)
}

// newIndex returns the index of the images of all platforms.
func newIndex(v version, platforms []v1.Platform, images []v1.Image) v1.ImageIndex {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for i, img := range images {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &platforms[i]}})
	}
	return mutate.Annotations(index, annotations(v)).(v1.ImageIndex)
}
