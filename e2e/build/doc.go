// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package build compiles the programs of the development control plane with the go command and reports how
// far it is. It imports the standard library only, so that the first command on a new machine can show its
// progress before anything else has been compiled.
package build
