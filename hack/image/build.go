// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// builder makes the image of the repository at root.
type builder struct {
	root    string
	version version
	ref     name.Tag
}

// layoutDir and digestFile are in the output folder: the OCI layout of all platforms, and the digest of its
// index.
const layoutDir, digestFile = "oci", "digest"

// build writes to out the OCI layout, and for each platform a tarball and an SBOM. The digest comes last: where
// there is one, the rest is complete.
func (b *builder) build(ctx context.Context, out string, platforms []v1.Platform) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if err := removeStale(out); err != nil {
		return err
	}
	images, sboms := make([]v1.Image, len(platforms)), make([]v1.Image, len(platforms))
	for i, p := range platforms {
		fmt.Printf("building %s for %s\n", b.version.name, p)
		binary, err := b.compile(ctx, p)
		if err != nil {
			return err
		}
		if images[i], err = newImage(b.version, p, binary); err != nil {
			return fmt.Errorf("making the image for %s: %w", p, err)
		}
		sbom, err := newSBOM(b.version, p, binary)
		if err != nil {
			return err
		}
		if sboms[i], err = newReferrer(images[i], sbomType, sbom, annotations(b.version)); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, fileName(p, "cdx.json")), sbom, 0o644); err != nil {
			return err
		}
		path := filepath.Join(out, fileName(p, "tar"))
		if err := tarball.WriteToFile(path, b.ref, images[i]); err != nil {
			return fmt.Errorf("writing %s: %w", path, err)
		}
	}
	index := newIndex(b.version, platforms, images)
	if err := b.writeLayout(filepath.Join(out, layoutDir), index, sboms); err != nil {
		return fmt.Errorf("writing the OCI layout: %w", err)
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, digestFile), []byte(digest.String()+"\n"), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s@%s is in %s\n", b.ref, digest, filepath.Clean(out))
	return nil
}

// removeStale removes what a build has written to out, and nothing else.
func removeStale(out string) error {
	stale := []string{filepath.Join(out, digestFile), filepath.Join(out, layoutDir)}
	for _, suffix := range []string{"tar", "cdx.json"} {
		files, err := filepath.Glob(filepath.Join(out, binaryName+"-*."+suffix))
		if err != nil {
			return err
		}
		stale = append(stale, files...)
	}
	for _, path := range stale {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

// fileName names a file of a platform.
func fileName(p v1.Platform, suffix string) string {
	return fmt.Sprintf("%s-%s-%s.%s", binaryName, p.OS, p.Architecture, suffix)
}

// writeLayout writes the index and what refers to its images to a new layout.
func (b *builder) writeLayout(dir string, index v1.ImageIndex, referrers []v1.Image) error {
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	names := map[string]string{
		"org.opencontainers.image.ref.name": b.ref.TagStr(),
		"io.containerd.image.name":          b.ref.Name(),
	}
	if err := path.AppendIndex(index, layout.WithAnnotations(names)); err != nil {
		return err
	}
	for _, r := range referrers {
		if err := path.AppendImage(r); err != nil {
			return err
		}
	}
	// As it was written: a full disk is noticed, too.
	written, err := path.ImageIndex()
	if err != nil {
		return err
	}
	return validate.Index(written)
}

// compile returns the server's binary for a platform. If it runs here, it has said its version.
func (b *builder) compile(ctx context.Context, p v1.Platform) ([]byte, error) {
	dir, err := os.MkdirTemp("", "tenantview-image-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, binaryName)
	env := append(slices.Clone(b.version.env), "GOOS="+p.OS, "GOARCH="+p.Architecture)
	if _, err := script(ctx, b.root, env, "hack/build.sh", path); err != nil {
		return nil, err
	}
	if p.OS == runtime.GOOS && p.Architecture == runtime.GOARCH {
		out, err := exec.CommandContext(ctx, path, "--version").CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("running the server for %s with --version: %w: %s", p, err, out)
		}
		if !bytes.Contains(out, []byte(b.version.name)) || !bytes.Contains(out, []byte(b.version.commit)) {
			return nil, fmt.Errorf("the server for %s says with --version %q, expected %s of commit %s", p, out, b.version.name, b.version.commit)
		}
	}
	return os.ReadFile(path)
}

// writeFiles writes the files of the image of a platform below dir.
func (b *builder) writeFiles(ctx context.Context, dir string, p v1.Platform) error {
	binary, err := b.compile(ctx, p)
	if err != nil {
		return err
	}
	return writeTree(dir, append(baseFiles(), binaryFiles(binary)...))
}
