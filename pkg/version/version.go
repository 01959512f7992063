// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package version says which tenantview this is.
package version

import (
	"runtime"
	"runtime/debug"

	apimachineryversion "k8s.io/apimachinery/pkg/version"
)

// gitVersion is set by the linker for releases.
var gitVersion = ""

// Get returns the version of the running binary. Without the linker's help it is that of
// the module or of the commit that the binary was built from.
func Get() apimachineryversion.Info {
	info := apimachineryversion.Info{
		GitVersion: gitVersion,
		GoVersion:  runtime.Version(),
		Compiler:   runtime.Compiler,
		Platform:   runtime.GOOS + "/" + runtime.GOARCH,
	}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return info
	}
	if info.GitVersion == "" {
		info.GitVersion = build.Main.Version
	}
	for _, setting := range build.Settings {
		switch setting.Key {
		case "vcs.revision":
			info.GitCommit = setting.Value
		case "vcs.time":
			info.BuildDate = setting.Value
		case "vcs.modified":
			info.GitTreeState = map[string]string{"true": "dirty", "false": "clean"}[setting.Value]
		}
	}
	return info
}
