// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func startSleep(t *testing.T, ps processes) *process {
	t.Helper()
	path, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip(err)
	}
	p, err := ps.start(Etcd, path, []string{"60"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.end(context.Background(), syscall.SIGKILL, killTimeout); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestProcessIsFoundByItsRecord(t *testing.T) {
	for _, background := range []bool{true, false} {
		ps := processes{dir: t.TempDir(), background: background}
		p := startSleep(t, ps)
		found, err := ps.running(Etcd)
		if err != nil || found == nil || found.PID != p.PID {
			t.Fatalf("got %v, %v, expected process %d", found, err, p.PID)
		}
		if !found.is(p.Path, []string{"60"}) || found.is(p.Path, []string{"61"}) {
			t.Error("a process with other arguments counts as the same")
		}
		if err := found.end(t.Context(), syscall.SIGTERM, killTimeout); err != nil {
			t.Fatal(err)
		}
		if found, err := ps.running(Etcd); err != nil || found != nil {
			t.Errorf("after its end: got %v, %v", found, err)
		}
	}
}

// A measurement of another process would look plausible.
func TestPIDOfComponent(t *testing.T) {
	cp, err := Open(Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if pid, err := cp.PID(Etcd); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("before the start: got %d, %v", pid, err)
	}
	p := startSleep(t, cp.processes)
	if pid, err := cp.PID(Etcd); err != nil || pid != p.PID {
		t.Errorf("got %d, %v, expected %d", pid, err, p.PID)
	}
	if err := p.end(t.Context(), syscall.SIGKILL, killTimeout); err != nil {
		t.Fatal(err)
	}
	if pid, err := cp.PID(Etcd); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("after the end: got %d, %v", pid, err)
	}
}

// The flags of a Config come last: of a flag that is there twice, the last one counts.
func TestFlagsOfConfig(t *testing.T) {
	cp, err := Open(Config{Dir: t.TempDir(), EtcdFlags: []string{"--a=1"}, APIServerFlags: []string{"--b=2"}})
	if err != nil {
		t.Fatal(err)
	}
	for component, want := range map[Component]string{Etcd: "--a=1", APIServer: "--b=2"} {
		args, err := cp.arguments(component)
		if err != nil || args[len(args)-1] != want {
			t.Errorf("%s: got %v, %v, expected %s at the end", component, args, err, want)
		}
	}
}

// Otherwise "make down" could kill an unrelated process that got the same PID after a reboot.
func TestForeignProcessWithTheSamePIDIsLeftAlone(t *testing.T) {
	ps := processes{dir: t.TempDir()}
	p := startSleep(t, ps)
	stale := *p
	stale.Identity = strings.Repeat("0", len(p.Identity))
	if stale.alive() {
		t.Error("a process with another identity counts as alive")
	}
	if err := stale.signal(syscall.SIGKILL); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("got %v, expected os.ErrProcessDone", err)
	}
	if err := stale.end(t.Context(), syscall.SIGKILL, time.Second); err != nil {
		t.Error(err)
	}
	if !p.alive() {
		t.Error("the foreign process was killed")
	}
}

func TestProcessIdentityIsStable(t *testing.T) {
	first, err := processIdentity(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	second, err := processIdentity(os.Getpid())
	if err != nil || first != second {
		t.Errorf("got %q, then %q, %v", first, second, err)
	}
	if parent, err := processIdentity(os.Getppid()); err == nil && parent == first {
		t.Error("parent and child have the same identity")
	}
}

// helperDir makes this test binary a process that starts a child and waits to be killed.
const helperDir = "TENANTVIEW_TEST_PARENT_OF_SLEEP"

// A test that is killed or panics must not leave an etcd behind.
func TestChildrenDieWithTheirParent(t *testing.T) {
	if dir := os.Getenv(helperDir); dir != "" {
		startSleep(t, processes{dir: dir})
		select {}
	}
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("only Linux has parent-death signals")
	}
	dir := t.TempDir()
	parent := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=60s")
	parent.Env = append(os.Environ(), helperDir+"="+dir)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	ps := processes{dir: dir}
	var child *process
	err := poll(t.Context(), 20*time.Second, "the child", func(context.Context) (err error) {
		if child, err = ps.running(Etcd); err == nil && child == nil {
			err = errors.New("not there")
		}
		return err
	})
	if kerr := parent.Process.Kill(); kerr != nil {
		t.Fatal(kerr)
	}
	_ = parent.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if err := poll(t.Context(), 10*time.Second, "the end of the child", func(context.Context) error {
		if child.alive() {
			return errors.New("still running")
		}
		return nil
	}); err != nil {
		t.Error(err, child.signal(syscall.SIGKILL))
	}
}

func TestProgramThatFailsShowsItsLog(t *testing.T) {
	path, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	cp, err := Open(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	p, err := cp.processes.start(Etcd, path, []string{"-c", "echo the disk is full >&2; sleep 0.2; exit 1"})
	if err != nil {
		t.Fatal(err)
	}
	err = cp.waitReady(t.Context(), Etcd, p)
	for _, want := range []string{"etcd to be ready", "has ended", filepath.Join(dir, "logs", "etcd.log"), "the disk is full"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, expected %q in it", err, want)
		}
	}
}
