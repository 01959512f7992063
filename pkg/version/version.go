// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package version returns the version of the running binary.
package version

import (
	"runtime"
	"runtime/debug"

	apimachineryversion "k8s.io/apimachinery/pkg/version"
)

// gitVersion is the version of a release. The linker sets it.
var gitVersion = ""

// Get returns the version of the running binary. If the linker has not set it, that is the version
// of the module or the commit from which the binary was built.
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
