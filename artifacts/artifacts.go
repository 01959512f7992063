// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package artifacts embeds the manifests of this folder, so that the end-to-end tests install exactly
// what a user installs. It knows nothing about what they say.
package artifacts

import "embed"

// Files holds the manifests by file name.
//
//go:embed *.yaml
var Files embed.FS
