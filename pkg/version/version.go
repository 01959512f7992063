// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package version returns the version of the running binary.
package version

import (
	"cmp"
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"

	apimachineryversion "k8s.io/apimachinery/pkg/version"
)

// The linker sets these to what hack/version.sh prints. They are not those of k8s.io/component-base/version,
// which must stay unset: feature gates take them for the version of Kubernetes, and switch off whatever
// Kubernetes did not have in its version of the same number.
var (
	gitVersion   string // vX.Y.Z, or vX.Y.Z-SUFFIX between releases
	gitCommit    string // 40 hexadecimal digits
	gitTreeState string // clean, dirty or archive
	buildDate    string // of the commit, RFC 3339
)

// unknown is the version of a binary that neither hack/version.sh nor the go command has given one.
const unknown = "v0.0.0-devel"

// Get returns the version of the running binary. If the linker has not set it, that is the version
// of the module or the commit from which the binary was built. GitVersion is always a semantic version
// with a leading v.
func Get() apimachineryversion.Info {
	build, _ := debug.ReadBuildInfo()
	return describe(apimachineryversion.Info{
		GitVersion:   gitVersion,
		GitCommit:    gitCommit,
		GitTreeState: gitTreeState,
		BuildDate:    buildDate,
		GoVersion:    runtime.Version(),
		Compiler:     runtime.Compiler,
		Platform:     runtime.GOOS + "/" + runtime.GOARCH,
	}, build)
}

var semantic = regexp.MustCompile(`^v(\d+)\.(\d+)\.\d+([-+].*)?$`)

// describe completes what the linker has set. What the go command has recorded belongs to another version
// than one that the linker has set, and counts only without one. build may be nil.
func describe(info apimachineryversion.Info, build *debug.BuildInfo) apimachineryversion.Info {
	if info.GitVersion == "" && build != nil {
		info.GitVersion = build.Main.Version
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
	}
	numbers := semantic.FindStringSubmatch(info.GitVersion)
	if numbers == nil { // for example "(devel)"
		info.GitVersion = unknown
		numbers = semantic.FindStringSubmatch(unknown)
	}
	info.Major, info.Minor = numbers[1], numbers[2]
	return info
}

// UserAgent names this binary and its version to kube-apiserver, in the form of client-go's
// rest.DefaultKubernetesUserAgent. It is in the audit log of the cluster.
func UserAgent() string {
	info := Get()
	commit := cmp.Or(info.GitCommit, "unknown")
	return fmt.Sprintf("tenantview-apiserver/%s (%s) tenantview/%s", info.GitVersion, info.Platform, commit[:min(len(commit), 7)])
}
