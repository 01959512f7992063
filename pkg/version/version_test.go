// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package version

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apimachineryversion "k8s.io/apimachinery/pkg/version"
)

func TestDescribe(t *testing.T) {
	recorded := func(version string) *debug.BuildInfo {
		return &debug.BuildInfo{
			Main: debug.Module{Version: version},
			Settings: []debug.BuildSetting{
				{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "true"},
			},
		}
	}
	for name, c := range map[string]struct {
		linked apimachineryversion.Info
		build  *debug.BuildInfo
		want   apimachineryversion.Info
	}{
		"set by the linker": {
			apimachineryversion.Info{GitVersion: "v1.20.3", GitCommit: "def", GitTreeState: "archive", BuildDate: "2025-01-01T00:00:00Z"},
			recorded("v0.0.0-2026"),
			apimachineryversion.Info{Major: "1", Minor: "20", GitVersion: "v1.20.3", GitCommit: "def", GitTreeState: "archive", BuildDate: "2025-01-01T00:00:00Z"},
		},
		// The commit that the go command saw may be another one.
		"only the version set": {
			apimachineryversion.Info{GitVersion: "v1.2.3-rc.1"}, recorded("v9.9.9"),
			apimachineryversion.Info{Major: "1", Minor: "2", GitVersion: "v1.2.3-rc.1"},
		},
		"recorded by the go command": {
			apimachineryversion.Info{}, recorded("v0.3.1-0.20260102030405-abcdefabcdef+dirty"),
			apimachineryversion.Info{Major: "0", Minor: "3", GitVersion: "v0.3.1-0.20260102030405-abcdefabcdef+dirty",
				GitCommit: "abc", GitTreeState: "dirty", BuildDate: "2026-01-02T03:04:05Z"},
		},
		"without version control": {
			apimachineryversion.Info{}, &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}},
			apimachineryversion.Info{Major: "0", Minor: "0", GitVersion: "v0.0.0-devel"},
		},
		"nothing": {
			apimachineryversion.Info{}, nil,
			apimachineryversion.Info{Major: "0", Minor: "0", GitVersion: "v0.0.0-devel"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, describe(c.linked, c.build)); diff != "" {
				t.Errorf("version (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUserAgent(t *testing.T) {
	gitVersion, gitCommit = "v1.2.3", "0123456789abcdef"
	defer func() { gitVersion, gitCommit = "", "" }()
	want := "tenantview-apiserver/v1.2.3 (" + runtime.GOOS + "/" + runtime.GOARCH + ") tenantview/0123456"
	if got := UserAgent(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The linker ignores a variable that does not exist: nothing else would notice a name that has changed.
func TestLinkerFlags(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	// The go command would not notice that the script has changed, and repeat an old result.
	if _, err := os.ReadFile(filepath.Join(root, "hack", "version.sh")); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "VERSION=v7.8.9", "COMMIT=0123456789abcdef", "TREE_STATE=clean", "SOURCE_DATE_EPOCH=1000000000")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", cmd, err)
		}
		return strings.TrimSpace(string(out))
	}
	flags := run("hack/version.sh", "ldflags")
	if strings.Contains(flags, "component-base") {
		t.Errorf("the flags set the version of Kubernetes, on which its features depend: %s", flags)
	}
	var got apimachineryversion.Info
	out := run("go", "run", "-ldflags", flags, "./pkg/version/testdata/print")
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	got.GoVersion, got.Compiler, got.Platform = "", "", ""
	want := apimachineryversion.Info{Major: "7", Minor: "8", GitVersion: "v7.8.9", GitCommit: "0123456789abcdef", GitTreeState: "clean", BuildDate: "2001-09-09T01:46:40Z"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("version (-want +got):\n%s", diff)
	}
}
