// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/internal/syncbuffer"
)

// Server is a tenantview-apiserver beside the one of the control plane. kube-apiserver does not know of it.
type Server struct {
	// Address is its host and port.
	Address string
	Process *os.Process
	Output  syncbuffer.Buffer

	cluster *Cluster
	// ended is closed when the process has ended. code is then its exit code.
	ended chan struct{}
	code  int
}

// ServerAccount returns a configuration to call kube-apiserver like the control plane's server.
func (c *Cluster) ServerAccount(t testing.TB) *rest.Config {
	t.Helper()
	return c.As(t, "system:serviceaccount:"+controlplane.ServerNamespace+":"+controlplane.ServerName)
}

// Spawn runs the server's program with these variables in addition to the environment, and with flags,
// until the test ends.
func (c *Cluster) Spawn(t testing.TB, environment []string, flags ...string) *Server {
	t.Helper()
	s := &Server{cluster: c, ended: make(chan struct{})}
	cmd := exec.Command(filepath.Join(c.Bin, controlplane.ServerName), flags...)
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stdout, cmd.Stderr = &s.Output, &s.Output
	err := controlplane.StartChild(cmd, func(error) {
		s.code = cmd.ProcessState.ExitCode()
		close(s.ended)
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Process = cmd.Process
	t.Cleanup(func() {
		if err := s.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
		<-s.ended
		if t.Failed() {
			t.Logf("a server beside that of the control plane said:\n%s", s.Output.String())
		}
	})
	return s
}

// Serve runs a server with the identity of config, on its own port, and returns when it responds.
func (c *Cluster) Serve(t testing.TB, config *rest.Config, environment []string, flags ...string) *Server {
	t.Helper()
	port := freePort(t)
	s := c.Spawn(t, environment, append([]string{
		"--kubeconfig=" + c.Kubeconfig(t, config),
		"--bind-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(port),
		"--tls-cert-file=" + filepath.Join(c.Dir, "pki", "tenantview.crt"),
		"--tls-private-key-file=" + filepath.Join(c.Dir, "pki", "tenantview.key"),
	}, flags...)...)
	s.Address = controlplane.Address(port)
	Eventually(t, "the server answers", func() error {
		_, err := s.TryGet(t, c.Admin, "/livez")
		return err
	})
	return s
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// TryGet gets a path from the server. The server may not respond. The test fails if it has ended.
func (s *Server) TryGet(t testing.TB, config *rest.Config, path string) (Answer, error) {
	t.Helper()
	select {
	case <-s.ended:
		t.Fatalf("the server has ended:\n%s", s.Output.String())
	default:
	}
	config = s.cluster.DirectConfig(config)
	config.Host = "https://" + s.Address
	return TryGet(t.Context(), config, path)
}

// WaitReady returns when the server says that it is ready.
func (s *Server) WaitReady(t testing.TB) {
	t.Helper()
	Eventually(t, "the server is ready", func() error {
		failed, err := s.FailedChecks(t)
		if err == nil && len(failed) > 0 {
			err = fmt.Errorf("not ready: %v", failed)
		}
		return err
	})
}

// FailedChecks returns the names of the checks of /readyz that fail.
func (s *Server) FailedChecks(t testing.TB) ([]string, error) {
	t.Helper()
	a, err := s.TryGet(t, rest.AnonymousClientConfig(s.cluster.Admin), "/readyz")
	if err != nil {
		return nil, err
	}
	var failed []string
	for line := range strings.Lines(string(a.Body)) {
		if rest, ok := strings.CutPrefix(line, "[-]"); ok {
			name, _, _ := strings.Cut(rest, " ")
			failed = append(failed, name)
		}
	}
	return failed, nil
}

// WaitEnded returns the exit code when the server has ended.
func (s *Server) WaitEnded(t testing.TB) int {
	t.Helper()
	Eventually(t, "the server has ended", func() error {
		select {
		case <-s.ended:
			return nil
		default:
			return errors.New("it still runs")
		}
	})
	return s.code
}
