// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// version is what hack/version.sh says of a tree.
type version struct {
	// name is vX.Y.Z or vX.Y.Z-SUFFIX; commit is empty if it is not known.
	name, commit string
	// date is that of the commit.
	date time.Time
	// env has it all for hack/build.sh, so that a tree that changes meanwhile gives no two versions.
	env []string
}

// readVersion returns the version of the repository at root.
func readVersion(ctx context.Context, root string) (version, error) {
	out, err := script(ctx, root, nil, "hack/version.sh")
	if err != nil {
		return version{}, err
	}
	fields := map[string]string{}
	v := version{env: strings.Fields(string(out))}
	for _, field := range v.env {
		key, value, _ := strings.Cut(field, "=")
		fields[key] = value
	}
	seconds, err := strconv.ParseInt(fields["SOURCE_DATE_EPOCH"], 10, 64)
	if err != nil {
		return version{}, fmt.Errorf("hack/version.sh: %w", err)
	}
	v.name, v.commit, v.date = fields["VERSION"], fields["COMMIT"], time.Unix(seconds, 0).UTC()
	return v, nil
}

// script runs a script of the repository and returns its output.
func script(ctx context.Context, root string, env []string, path string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(root, filepath.FromSlash(path)), args...)
	cmd.Env = append(os.Environ(), env...)
	// When it is interrupted, the go command removes its temporary files.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, errors.Join(err, errors.New(strings.TrimSpace(stderr.String()))))
	}
	return out, nil
}

// reference returns the full name of the image. A tag that is not given is the version; a + of a version
// cannot be part of a tag, and becomes _, as Helm has it for charts.
func reference(image string, v version) (name.Tag, error) {
	tag, err := name.NewTag(image, name.WithDefaultTag(strings.ReplaceAll(v.name, "+", "_")))
	if err != nil {
		return name.Tag{}, fmt.Errorf("-image: %w", err)
	}
	// Unlike what NewTag returns, this one also says a tag that was not given.
	return tag.Context().Tag(tag.TagStr()), nil
}

// parsePlatforms reads a list like linux/amd64,linux/arm64.
func parsePlatforms(list string) ([]v1.Platform, error) {
	var all []v1.Platform
	seen := map[string]bool{}
	for text := range strings.SplitSeq(list, ",") {
		p, err := v1.ParsePlatform(text)
		if err != nil || p.OS != "linux" || (p.Architecture != "amd64" && p.Architecture != "arm64") || p.Variant != "" || p.OSVersion != "" {
			return nil, fmt.Errorf("-platforms: %q is none of linux/amd64 and linux/arm64", text)
		}
		if seen[p.String()] {
			return nil, fmt.Errorf("-platforms: %s is there twice", p)
		}
		seen[p.String()] = true
		all = append(all, *p)
	}
	return all, nil
}
