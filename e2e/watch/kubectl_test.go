// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/testcluster"
)

// command is a kubectl that runs.
type command struct {
	cmd    *exec.Cmd
	lines  chan string
	stderr bytes.Buffer
	done   chan error
}

// kubectl starts kubectl as a user. It ends with the test.
func kubectl(t *testing.T, user *rest.Config, args ...string) *command {
	t.Helper()
	c := &command{lines: make(chan string, 1000), done: make(chan error, 1)}
	c.cmd = exec.CommandContext(t.Context(), filepath.Join(shared.Bin, "kubectl"), args...)
	c.cmd.Env = append(os.Environ(), "KUBECONFIG="+shared.Kubeconfig(t, user), "KUBECACHEDIR="+filepath.Join(shared.Dir, "kubecache"))
	c.cmd.Stderr = &c.stderr
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c.cmd.WaitDelay = time.Second
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go c.read(stdout)
	return c
}

func (c *command) read(stdout io.Reader) {
	scanner := bufio.NewScanner(stdout)
	for scanner.Scan() {
		c.lines <- scanner.Text()
	}
	close(c.lines)
	c.done <- c.cmd.Wait()
}

// line returns the next line of output, with single blanks. It fails the test if there is none.
func (c *command) line(t *testing.T) string {
	t.Helper()
	timer := time.NewTimer(testcluster.Patience)
	defer timer.Stop()
	select {
	case line, ok := <-c.lines:
		if !ok {
			t.Fatalf("kubectl has ended (%v): %s", <-c.done, c.stderr.String())
		}
		return strings.Join(strings.Fields(line), " ")
	case <-timer.C:
		t.Fatalf("no line came in %v: %s", testcluster.Patience, c.stderr.String())
		return ""
	}
}

// until returns the lines up to the first that has this beginning, with that.
func (c *command) until(t *testing.T, beginning string) []string {
	t.Helper()
	var lines []string
	for {
		lines = append(lines, c.line(t))
		if strings.HasPrefix(lines[len(lines)-1], beginning) {
			return lines
		}
	}
}

// wait waits until kubectl has ended, and returns its error.
func (c *command) wait(t *testing.T) error {
	t.Helper()
	timer := time.NewTimer(testcluster.Patience)
	defer timer.Stop()
	for range c.lines { // what it says does not matter
	}
	select {
	case err := <-c.done:
		return err
	case <-timer.C:
		t.Fatalf("kubectl has not ended in %v", testcluster.Patience)
		return nil
	}
}

// first are the first words of lines.
func first(lines []string, words int) []string {
	var all []string
	for _, line := range lines {
		fields := strings.Fields(line)
		all = append(all, strings.Join(fields[:min(words, len(fields))], " "))
	}
	return all
}

func expectLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestKubectlGetWatch(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.Upstream.Resource, func(t *testing.T) {
			s := newScene()
			everybodys.start(t)
			s.create(t, tenant("solar$", byUser)+everyKind("x$", "solar$"))
			everybodys.passAll(t)
			user := shared.As(t, s.user)
			events := kubectl(t, user, "get", k.Resource(), "--watch", "--output-watch-events")
			only := kubectl(t, user, "get", k.Resource(), "--watch-only", "--output-watch-events")
			plain := kubectl(t, user, "get", k.Resource(), "-w")
			// Without any, the watch of --watch-only may not have begun yet.
			header := events.until(t, "ADDED x")
			expectLines(t, first(header, 2), "EVENT NAME", "ADDED sentinel", s.of("ADDED x$"))
			expectLines(t, first(plain.until(t, "x"), 1), "NAME", "sentinel", s.of("x$"))
			touchUntil(t, only, k)
			s.create(t, k.object("y$", ofTenant(k, "solar$")))
			s.giveOne(t, k, "y$", "")
			s.patch(t, "Tenant", "solar$", owners())
			want := []string{s.of("ADDED y$"), s.of("DELETED y$"), s.of("DELETED x$")}
			expectLines(t, others(first(events.until(t, "DELETED x"), 2)), want...)
			expectLines(t, others(first(only.until(t, "DELETED x"), 2)), want...)
			expectLines(t, others(first(plain.until(t, "x"), 1)), s.of("y$"), s.of("y$"), s.of("x$"))
			shared.Patch(t, k.UpstreamKind, "", sentinelName, "metadata: {annotations: {last: \"done"+s.id+"\"}}")
			for _, c := range []*command{events, only, plain} {
				for _, line := range c.until(t, map[bool]string{true: "sentinel", false: "MODIFIED sentinel"}[c == plain]) {
					if !strings.Contains(line, sentinelName) {
						t.Errorf("got %q", line)
					}
				}
			}
		})
	}
}

// touchUntil changes a sentinel until the command says so, and returns what it has said.
func touchUntil(t *testing.T, c *command, k kind) {
	t.Helper()
	testcluster.Eventually(t, "kubectl watches", func() error {
		everybodys.touch(t, k)
		if len(c.lines) == 0 {
			return fmt.Errorf("it says nothing: %s", c.stderr.String())
		}
		return nil
	})
	everybodys.show(t, k)
}

// others are the lines that are not about sentinels and no headers.
func others(lines []string) []string {
	return slices.DeleteFunc(lines, func(line string) bool {
		return strings.Contains(line, sentinelName) || strings.Contains(line, "NAME")
	})
}

func TestKubectlWait(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.Upstream.Resource, func(t *testing.T) {
			s := newScene()
			everybodys.start(t)
			s.create(t, tenant("solar$", byUser)+k.object("x$", ofTenant(k, "solar$")))
			everybodys.passAll(t)
			user := shared.As(t, s.user)
			name := k.Resource() + "/" + s.of("x$")
			value := kubectl(t, user, "wait", name, "--for=jsonpath={.metadata.annotations.done}=yes", "--timeout=60s")
			created := kubectl(t, user, "wait", k.Resource()+"/"+s.of("y$"), "--for=create", "--timeout=60s")
			s.create(t, k.object("y$", ofTenant(k, "solar$")))
			s.patch(t, k.UpstreamKind, "x$", "metadata: {annotations: {done: \"yes\"}}")
			for _, c := range []*command{value, created} {
				if err := c.wait(t); err != nil {
					t.Fatalf("%v: %v: %s", c.cmd.Args, err, c.stderr.String())
				}
			}
			deleted := kubectl(t, user, "wait", name, "--for=delete", "--timeout=60s")
			s.patch(t, "Tenant", "solar$", owners()) // hidden is as good as deleted
			if err := deleted.wait(t); err != nil {
				t.Fatalf("%v: %v: %s", deleted.cmd.Args, err, deleted.stderr.String())
			}
		})
	}
}

// kubectl get --watch gives up on 410 Expired. When the server has been restarted between its list and its
// watch, or another replica answers the second, it must go on all the same.
func TestKubectlGetWatchAcrossRestart(t *testing.T) {
	s := newScene()
	everybodys.start(t)
	s.create(t, solar+everyKind("x$", "solar$"))
	everybodys.passAll(t)
	user := shared.As(t, s.user)
	k := kindOf("storageclasses")
	g := newGate(t, user, func(request *http.Request) bool { return strings.Contains(request.URL.RawQuery, "watch") })
	c := kubectl(t, &rest.Config{Host: g.url}, "get", k.Resource(), "-w")
	// kubectl has its list when it asks for the watch.
	g.waitHeld(t)
	if err := shared.Restart(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	g.open()
	expectLines(t, first(c.until(t, "x"), 1), "NAME", "sentinel", s.of("x$"))
	s.create(t, k.object("y$", ofTenant(k, "solar$")))
	for _, line := range c.until(t, "y") {
		if name := strings.Fields(line)[0]; name != sentinelName && name != s.of("x$") && name != s.of("y$") {
			t.Errorf("got %q", line)
		}
	}
}
