// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package artifacts embeds the manifests of this folder, which "make generate" renders from the chart, so that the
// development control plane installs what a user installs, and needs no helm. It knows nothing about what they say.
package artifacts

import "embed"

// Files holds the manifests by file name.
//
//go:embed *.yaml
var Files embed.FS
