// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Tests must not take what is set where they run.
func unsetVersion(t *testing.T) {
	for _, name := range []string{"VERSION", "COMMIT", "TREE_STATE", "SOURCE_DATE_EPOCH"} {
		t.Setenv(name, "")
	}
}

func TestVersionOfTree(t *testing.T) {
	unsetVersion(t)
	const date = "SOURCE_DATE_EPOCH=1000000000 DATE=2001-09-09T01:46:40Z"
	for name, c := range map[string]struct {
		// change changes the repository and returns the folder to look at.
		change func(t *testing.T, dir string) string
		// want has COMMIT for the commit's hash, and SHORT for its first twelve digits.
		want string
	}{
		"a tag": {func(_ *testing.T, dir string) string { return dir },
			"VERSION=v1.2.3 COMMIT=COMMIT TREE_STATE=clean " + date},
		"a later commit": {func(t *testing.T, dir string) string {
			git(t, dir, "commit", "-q", "--allow-empty", "-m", "Go on")
			return dir
		}, "VERSION=v1.2.3-1-gSHORT COMMIT=COMMIT TREE_STATE=clean " + date},
		"no tag": {func(t *testing.T, dir string) string {
			git(t, dir, "tag", "-d", "v1.2.3")
			git(t, dir, "tag", "nightly")
			return dir
		}, "VERSION=v0.0.0-gSHORT COMMIT=COMMIT TREE_STATE=clean " + date},
		"a change": {func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "go.mod"), programModule+"\n")
			return dir
		}, "VERSION=v1.2.3-dirty COMMIT=COMMIT TREE_STATE=dirty " + date},
		"a new file": {func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "pkg/version/more.go"), "package version\n")
			return dir
		}, "VERSION=v1.2.3-dirty COMMIT=COMMIT TREE_STATE=dirty " + date},
		"a source tarball": {func(t *testing.T, dir string) string {
			return unpack(t, dir, t.TempDir())
		}, "VERSION=v1.2.3 COMMIT=COMMIT TREE_STATE=archive " + date},
		"a source tarball without a tag": {func(t *testing.T, dir string) string {
			git(t, dir, "tag", "-d", "v1.2.3")
			return unpack(t, dir, t.TempDir())
		}, "VERSION=v0.0.0-gSHORT COMMIT=COMMIT TREE_STATE=archive " + date},
		// Somebody vendors the sources: the commit around them is not theirs.
		"files inside of another repository": {func(t *testing.T, dir string) string {
			inner := filepath.Join(dir, "third_party", "hack")
			if err := os.MkdirAll(inner, 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(inner, "version.sh"), read(t, "../version.sh"))
			return filepath.Dir(inner)
		}, "VERSION=v0.0.0-unknown COMMIT= TREE_STATE= SOURCE_DATE_EPOCH=0 DATE=1970-01-01T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newRepository(t)
			looked := c.change(t, dir)
			commit := git(t, dir, "rev-parse", "HEAD")
			v, err := readVersion(t.Context(), looked)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.NewReplacer("=COMMIT", "="+commit, "SHORT", commit[:12]).Replace(c.want)
			if got := strings.Join(v.env, " "); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// The environment comes first, and nonsense in it is refused with its name.
func TestVersionOfEnvironment(t *testing.T) {
	unsetVersion(t)
	for _, c := range []struct{ name, value, want string }{
		{"VERSION", "v2.0.0-rc.1", "VERSION=v2.0.0-rc.1 "},
		{"VERSION", "v2.0.0+build.5", "VERSION=v2.0.0+build.5 "},
		{"SOURCE_DATE_EPOCH", "0", " SOURCE_DATE_EPOCH=0 DATE=1970-01-01T00:00:00Z"},
		{"VERSION", "2.0.0", "VERSION is '2.0.0', expected vX.Y.Z"},
		{"VERSION", "v2.0.0 -X main.evil=1", "VERSION is 'v2.0.0 -X main.evil=1'"},
		{"SOURCE_DATE_EPOCH", "yesterday", "SOURCE_DATE_EPOCH is 'yesterday', expected seconds"},
		{"COMMIT", "abc -X x=y", "COMMIT is 'abc -X x=y', expected a hash"},
		{"TREE_STATE", "quite clean", "TREE_STATE is 'quite clean', expected clean, dirty or archive"},
	} {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			t.Setenv(c.name, c.value)
			cmd := exec.CommandContext(t.Context(), filepath.Join(newRepository(t), "hack", "version.sh"))
			out, err := cmd.CombinedOutput()
			if got := strings.ReplaceAll(string(out), "\n", " "); !strings.Contains(got, strings.TrimSpace(c.want)) {
				t.Errorf("got %q (error %v), want %q in it", got, err, c.want)
			}
			if refused := strings.Contains(c.want, "is '"); refused != (err != nil) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// unpack unpacks what "git archive" makes of a repository.
func unpack(t *testing.T, repository, dir string) string {
	t.Helper()
	tarball := filepath.Join(t.TempDir(), "source.tar")
	git(t, repository, "archive", "-o", tarball, "HEAD")
	if out, err := exec.CommandContext(t.Context(), "tar", "-xf", tarball, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	return dir
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}
