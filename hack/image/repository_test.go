// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// program stands for the server: it compiles in a second, and has one dependency.
const program = `package main

import (
	"fmt"

	"github.com/google/uuid"

	"capsule.dev/tenantview/pkg/version"
)

func main() { fmt.Println("tiny", version.Text(), uuid.Nil) }
`

const programVersion = `package version

var gitVersion, gitCommit, gitTreeState, buildDate string

func Text() string { return gitVersion + " " + gitCommit + " " + gitTreeState + " " + buildDate }
`

const programModule = `module capsule.dev/tenantview

go 1.26.0

require github.com/google/uuid v1.6.0
`

// shared is what tests use that change neither: a repository, and its image.
var shared struct{ repository, out string }

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "image-test-")
	if err != nil {
		panic(err)
	}
	shared.repository, shared.out = filepath.Join(dir, "repository"), filepath.Join(dir, "out")
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// sharedImage returns shared, of which it makes the image the first time.
func sharedImage(t *testing.T) (repository, out string) {
	t.Helper()
	unsetVersion(t)
	if _, err := os.Stat(shared.repository); err != nil {
		newRepositoryIn(t, shared.repository)
	}
	if _, err := os.Stat(shared.out); err != nil {
		if err := run(t.Context(), []string{"build", "-root", shared.repository, "-out", shared.out, "-image", testImage}); err != nil {
			t.Fatal(err)
		}
	}
	return shared.repository, shared.out
}

// newRepository returns a repository with the scripts of this one and the program, tagged v1.2.3.
func newRepository(t *testing.T) string {
	t.Helper()
	return newRepositoryIn(t, t.TempDir())
}

func newRepositoryIn(t *testing.T, dir string) string {
	t.Helper()
	files := map[string]string{
		"go.mod":                           programModule,
		"cmd/tenantview-apiserver/main.go": program,
		"pkg/version/version.go":           programVersion,
		".gitattributes":                   read(t, "../../.gitattributes"),
		"hack/version.sh":                  read(t, "../version.sh"),
		"hack/build.sh":                    read(t, "../build.sh"),
		"hack/release-toolchain":           runtime.Version(), // which is there already
		"go.sum":                           "",
	}
	for line := range strings.Lines(read(t, "go.sum")) {
		if strings.HasPrefix(line, "github.com/google/uuid v1.6.0") {
			files["go.sum"] += line
		}
	}
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	git(t, dir, "init", "-q")
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "Begin")
	git(t, dir, "tag", "v1.2.3")
	return dir
}

// clone returns another folder with the same commit.
func clone(t *testing.T, repository string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "another", "folder")
	git(t, ".", "clone", "-q", repository, dir)
	return dir
}

// git runs git without the configuration of whoever runs the test, and returns its output.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
		"GIT_AUTHOR_DATE=1000000000 +0000", "GIT_COMMITTER_DATE=1000000000 +0000")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return strings.TrimSpace(string(out))
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
