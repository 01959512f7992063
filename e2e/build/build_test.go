// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package build

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeGo puts a go command in front of PATH that is a shell script: list and build are what it does for "go
// list" of packages and for "go build". It returns the file that has a line for each command.
func fakeGo(t *testing.T, list, build string) (log string) {
	t.Helper()
	dir := t.TempDir()
	log = filepath.Join(dir, "log")
	script := "#!/bin/sh\necho \"$1 GOGC=$GOGC\" >> " + log + "\ncase \"$1 $2\" in\n" +
		"'list -m') echo v1.36.3 ;;\nlist*) " + list + " ;;\nbuild*) out=$4\n" + build + " ;;\nesac\n"
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	return log
}

// newRoot makes a repository of which only the modules of the programs are there.
func newRoot(t *testing.T) (root, binDir string) {
	t.Helper()
	root = t.TempDir()
	for _, module := range []string{controlPlaneModule, helmModule} {
		dir := filepath.Join(root, module)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"go.mod", "go.sum"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root, filepath.Join(root, "bin")
}

const makesPrograms = `for p in server kube-apiserver kube-controller-manager kubectl; do echo $p > $out$p; done`

// The programs are built in one run, by which compiling and linking overlap; they are not built again until
// the pinned versions change.
func TestControlPlaneBuildsOnce(t *testing.T) {
	log := fakeGo(t, "", makesPrograms)
	root, binDir := newRoot(t)
	buildAll := func() bool {
		t.Helper()
		built, err := ControlPlane(t.Context(), root, binDir, nil)
		if err != nil {
			t.Fatal(err)
		}
		return built
	}
	if !buildAll() {
		t.Error("the first time: not built")
	}
	if buildAll() {
		t.Error("the second time: built again")
	}
	if err := os.WriteFile(filepath.Join(root, controlPlaneModule, "go.sum"), []byte("others"), 0o644); err != nil {
		t.Fatal(err)
	}
	if !buildAll() {
		t.Error("with other versions: not built")
	}
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(data), "build GOGC=off\n"); n != 2 {
		t.Errorf("go build ran %d times, expected 2:\n%s", n, data)
	}
	entries, err := os.ReadDir(binDir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	want := []string{".controlplane", "etcd", "kube-apiserver", "kube-controller-manager", "kubectl"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("files in bin (-want +got):\n%s", diff)
	}
}

// helm is built by itself: who only renders the chart needs no control plane.
func TestHelmBuildsOnce(t *testing.T) {
	log := fakeGo(t, "", "echo helm > ${out}helm")
	root, binDir := newRoot(t)
	for range 2 {
		path, err := Helm(t.Context(), root, binDir, nil)
		if err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != "helm\n" {
			t.Errorf("%s has %q, error %v", path, data, err)
		}
	}
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("build GOGC=off\n", string(data)); diff != "" {
		t.Errorf("go commands (-want +got):\n%s", diff)
	}
}

// Programs of two versions must never pass for a complete control plane.
func TestControlPlaneIsIncompleteAfterAFailure(t *testing.T) {
	fakeGo(t, "", `echo etcd > ${out}server`)
	root, binDir := newRoot(t)
	for range 2 {
		if built, err := ControlPlane(t.Context(), root, binDir, nil); err == nil || built {
			t.Errorf("built %v, error %v, expected an error for the programs that are missing", built, err)
		}
	}
}

func TestRunReportsItsProgress(t *testing.T) {
	fakeGo(t,
		`echo 'go: downloading k8s.io/api v0.36.3' >&2; echo 'fmt false'; echo 'k8s.io/a true'; echo 'k8s.io/b true'`,
		`echo k8s.io/a >&2; echo 'some remark' >&2; echo k8s.io/b >&2; echo k8s.io/cmd >&2`)
	var lines []string
	g := goBuild{name: "etcd", dir: t.TempDir(), output: "x", packages: []string{"k8s.io/cmd"}}
	compiled, err := g.run(t.Context(), func(s Status) { lines = append(lines, s.String()) })
	if err != nil || compiled != 3 {
		t.Errorf("compiled %d, error %v, expected 3 and none", compiled, err)
	}
	want := []string{
		"etcd: checking what there is to build",
		"etcd: downloading module 1: k8s.io/api v0.36.3",
		"etcd: compiled 0 of 2 packages (1 cached)",
		"etcd: compiled 1 of 2 packages (1 cached): k8s.io/a",
		"etcd: compiled 2 of 2 packages (1 cached), linking",
		"etcd: compiled 2 of 2 packages (1 cached), linking",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
}

// A build that was interrupted while it linked has nothing to compile.
func TestRunWithEverythingCached(t *testing.T) {
	fakeGo(t, `echo 'fmt false'; echo 'k8s.io/a false'`, "")
	var last Status
	g := goBuild{name: "etcd", dir: t.TempDir(), output: "x"}
	if compiled, err := g.run(t.Context(), func(s Status) { last = s }); err != nil || compiled != 0 {
		t.Errorf("compiled %d, error %v, expected neither", compiled, err)
	}
	if got, want := last.String(), "etcd: all 2 packages cached, linking"; got != want {
		t.Errorf("got %q, expected %q", got, want)
	}
}

// A user who sees a failure must learn which step it was, what the compiler said, and what to do.
func TestRunExplainsAFailure(t *testing.T) {
	for name, c := range map[string]struct {
		list, build string
		want        []string
	}{
		"compile error": {"", `echo k8s.io/a >&2; echo '# k8s.io/a' >&2; echo 'a.go:1:2: undefined: x' >&2; exit 1`,
			[]string{"building etcd: go build in ", "exit status 1", "# k8s.io/a\na.go:1:2: undefined: x\n"}},
		"no network": {`echo 'k8s.io/api@v0.36.3: dial tcp: no route to host' >&2; exit 1`, "",
			[]string{"building etcd: go list in ", "no route to host"}},
		"many messages": {"", `echo first >&2; seq -f 'message %g' 100 >&2; exit 1`,
			[]string{"message 1\n", "message 40\n", "(and 60 more lines)", "the last step was: first"}},
		"killed": {"", `echo k8s.io/a >&2; kill -9 $$`,
			[]string{"building etcd: go build in ", "signal: killed", "the last step was: k8s.io/a"}},
	} {
		t.Run(name, func(t *testing.T) {
			fakeGo(t, c.list, c.build)
			g := goBuild{name: "etcd", dir: t.TempDir(), output: "x"}
			_, err := g.run(t.Context(), func(Status) {})
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range append(c.want, toContinue) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in the error:\n%v", want, err)
				}
			}
		})
	}
}

// The go command must get a signal that it can handle: it leaves its temporary files when it is killed.
func TestRunIsInterrupted(t *testing.T) {
	fakeGo(t, "", `trap 'echo "cleaned up, really" >&2; exit 1' INT; echo k8s.io/a >&2; while :; do sleep 0.05; done`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	g := goBuild{name: "etcd", dir: t.TempDir(), output: "x"}
	_, err := g.run(ctx, func(s Status) {
		if s.Current == "k8s.io/a" {
			cancel()
		}
	})
	if err == nil || !strings.Contains(err.Error(), "interrupted") || !strings.Contains(err.Error(), "cleaned up, really") {
		t.Errorf("got error %v", err)
	}
}

func TestDisplay(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		terminal bool
		want     string
	}{
		"pipe":     {false, "  1m10s etcd: compiled 812 of 1,934 packages: k8s.io/a\n"},
		"terminal": {true, "\r\x1b[K  1m10s etcd: compiled 812 of 1,934 packages: k8s.io/a\r\x1b[K"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			d := newDisplay(&out, c.terminal, func() time.Time { return now })
			d.now = func() time.Time { return now.Add(70 * time.Second) }
			d.Report(Status{Name: "etcd", Step: Compiling, Compiled: 812, Total: 1934, Current: "k8s.io/a"})
			d.draw()
			d.Close()
			if diff := cmp.Diff(c.want, out.String()); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

// A line that wraps could not be rewritten.
func TestDisplayFitsTheTerminal(t *testing.T) {
	var out strings.Builder
	d := newDisplay(&out, true, time.Now)
	d.Report(Status{Name: "etcd", Step: Downloading, Current: strings.Repeat("x", 200) + "end"})
	d.draw()
	if line := strings.TrimPrefix(out.String(), "\r\x1b[K"); len(line) != lineWidth || !strings.HasSuffix(line, "xend") {
		t.Errorf("%d characters, expected %d that end with the end: %q", len(line), lineWidth, line)
	}
}
