// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
)

// server is a tenantview-apiserver beside the one of the control plane: for tests of how it starts and
// ends. kube-apiserver does not know of it.
type server struct {
	address string
	process *os.Process
	output  *output
	// ended is closed when the process has ended; code is its exit code then.
	ended chan struct{}
	code  int
}

// output is what a process writes. It may be read while it grows.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// spawn runs the server's program with these variables in addition to the environment, and with flags,
// until the test ends.
func (c *cluster) spawn(t *testing.T, environment []string, flags ...string) *server {
	t.Helper()
	s := &server{output: &output{}, ended: make(chan struct{})}
	cmd := exec.Command(filepath.Join(c.bin, controlplane.ServerName), flags...)
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stdout, cmd.Stderr = s.output, s.output
	// The process must not outlive this one, however it ends.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		// The signal comes when the thread ends that has started the process.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // The exit code says it.
			s.code = cmd.ProcessState.ExitCode()
			close(s.ended)
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	s.process = cmd.Process
	t.Cleanup(func() {
		if err := s.process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
		<-s.ended
	})
	return s
}

// serve runs a server with the identity of config, on a port of its own, and returns when it answers.
func (c *cluster) serve(t *testing.T, config *rest.Config, environment []string, flags ...string) *server {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := controlplane.WriteKubeconfig(kubeconfig, "server", config); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	s := c.spawn(t, environment, append([]string{
		"--kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(port),
		"--tls-cert-file=" + filepath.Join(c.dir, "pki", "tenantview.crt"),
		"--tls-private-key-file=" + filepath.Join(c.dir, "pki", "tenantview.key"),
	}, flags...)...)
	s.address = controlplane.Address(port)
	eventually(t, "the server answers", func() error {
		_, err := s.get(t, c.admin, "/livez")
		return err
	})
	return s
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// get asks the server for a path. It may not answer.
func (s *server) get(t *testing.T, config *rest.Config, path string) (answer, error) {
	t.Helper()
	select {
	case <-s.ended:
		t.Fatalf("the server has ended:\n%s", s.output)
	default:
	}
	config = shared.DirectConfig(config)
	config.Host = "https://" + s.address
	return send(t.Context(), config, "GET", path, nil)
}

// waitReady returns when the server says that it is ready.
func (s *server) waitReady(t *testing.T) {
	t.Helper()
	eventually(t, "the server is ready", func() error {
		failed, err := s.failedChecks(t)
		if err == nil && len(failed) > 0 {
			err = fmt.Errorf("not ready: %v", failed)
		}
		return err
	})
}

// failedChecks returns the names of the checks of /readyz that fail.
func (s *server) failedChecks(t *testing.T) ([]string, error) {
	t.Helper()
	a, err := s.get(t, rest.AnonymousClientConfig(shared.admin), "/readyz")
	if err != nil {
		return nil, err
	}
	return failedChecks(a), nil
}

func failedChecks(a answer) []string {
	var failed []string
	for line := range strings.Lines(string(a.body)) {
		if rest, ok := strings.CutPrefix(line, "[-]"); ok {
			name, _, _ := strings.Cut(rest, " ")
			failed = append(failed, name)
		}
	}
	return failed
}

// metrics are those that a server exposes, by name with labels, as in name{label="value"}.
type metrics map[string]float64

func readMetrics(t *testing.T, a answer) metrics {
	t.Helper()
	all := make(metrics)
	for line := range strings.Lines(string(a.expect(t, 200).body)) {
		line = strings.TrimSpace(line)
		i := strings.LastIndexByte(line, ' ')
		if i < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		value, err := strconv.ParseFloat(line[i+1:], 64)
		if err != nil {
			t.Fatalf("%v in: %s", err, line)
		}
		all[line[:i]] = value
	}
	return all
}

// directMetrics are those of the control plane's server.
func (c *cluster) directMetrics(t *testing.T) metrics {
	t.Helper()
	return readMetrics(t, get(t, c.DirectConfig(c.admin), "/metrics"))
}
