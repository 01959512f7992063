// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/client-go/rest"
)

const (
	// These bound how long a program may take to become ready, and to end after SIGTERM or SIGKILL. They
	// are several times as long as a loaded machine with two cores needs.
	readyTimeout = 90 * time.Second
	termTimeout  = 30 * time.Second
	killTimeout  = 10 * time.Second
)

// ControlPlane is a control plane in one Config.Dir. Its methods must not be called concurrently, except
// those that only read: AdminConfig, UserConfig, ServiceAccountConfig, DirectConfig, Kubectl, Running,
// LogFile and Ports.
type ControlPlane struct {
	config      Config
	ports       Ports
	pki         *pki
	admin       *keyPair
	processes   processes
	serverFlags []string
}

// Open prepares a control plane in cfg.Dir without starting anything. It makes missing keys and
// certificates, and chooses the ports. If an earlier control plane in the same Dir left processes
// running, the new one can use and stop them.
func Open(cfg Config) (*ControlPlane, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	saved, err := LoadPorts(cfg.Dir)
	if err != nil {
		return nil, err
	}
	cp := &ControlPlane{
		config:    cfg,
		ports:     cfg.Ports.Or(saved),
		processes: processes{dir: cfg.Dir, background: cfg.Background},
	}
	if err := cp.ports.fillFree(); err != nil {
		return nil, err
	}
	if err := cp.ports.checkDistinct(); err != nil {
		return nil, err
	}
	if cp.pki, err = loadPKI(filepath.Join(cfg.Dir, "pki")); err != nil {
		return nil, err
	}
	if cp.admin, err = cp.pki.cluster.client(adminUser, mastersGroup); err != nil {
		return nil, err
	}
	return cp, nil
}

// Start opens a control plane, starts etcd, kube-apiserver and kube-controller-manager, and returns when
// all are ready. It leaves a program alone that runs already with the same flags. On error it stops
// everything that runs in cfg.Dir, unless cfg.Background is set: then the programs keep running for
// inspection, until Stop.
func Start(ctx context.Context, cfg Config) (*ControlPlane, error) {
	cp, err := Open(cfg)
	if err != nil {
		return nil, err
	}
	for _, c := range []Component{Etcd, APIServer, ControllerManager} {
		if _, err := cp.StartComponent(ctx, c); err != nil {
			if !cfg.Background {
				err = errors.Join(err, cp.Stop(context.WithoutCancel(ctx)))
			}
			return nil, err
		}
	}
	return cp, nil
}

// CheckPorts returns a *PortTakenError if something that this control plane did not start uses the port
// of one of its programs. Checking early saves the user a build or a half-started control plane.
func (cp *ControlPlane) CheckPorts() error {
	saved, err := LoadPorts(cp.config.Dir)
	if err != nil {
		return err
	}
	for _, c := range Components {
		// A running program holds the ports of the last start.
		if cp.Running(c) && cp.ports.of(c) == saved.of(c) {
			continue
		}
		if err := cp.ports.checkFree(c); err != nil {
			return err
		}
	}
	return nil
}

// Ports returns the ports of the control plane.
func (cp *ControlPlane) Ports() Ports { return cp.ports }

// LogFile returns the path of the log of a component, which holds the output of all its runs.
func (cp *ControlPlane) LogFile(c Component) string { return cp.processes.logFile(c) }

// Running returns whether a component's process is alive.
func (cp *ControlPlane) Running(c Component) bool {
	p, err := cp.processes.running(c)
	return err == nil && p != nil
}

// PID returns the process ID of a running component, or an error that wraps os.ErrProcessDone if the
// component does not run.
func (cp *ControlPlane) PID(c Component) (int, error) {
	p, err := cp.processes.running(c)
	if err == nil && p == nil {
		err = os.ErrProcessDone
	}
	if err != nil {
		return 0, fmt.Errorf("process of %s: %w", c, err)
	}
	return p.PID, nil
}

// StartComponent starts one program with the flags that it had before, and waits until it is ready. It
// leaves the program alone if it runs already, from the same file and with the same flags; otherwise it
// restarts it. It returns whether it started the program, or a *PortTakenError if something else uses its
// port.
//
// StartComponent(ctx, Server) needs an earlier StartServer, and does not wait for the APIService.
func (cp *ControlPlane) StartComponent(ctx context.Context, c Component) (started bool, err error) {
	path := filepath.Join(cp.config.BinDir, c.program())
	if _, err := os.Stat(path); err != nil {
		return false, fmt.Errorf("%s has not been built: %w", c, err)
	}
	args, err := cp.arguments(c)
	if err != nil {
		return false, fmt.Errorf("preparing %s: %w", c, err)
	}
	p, err := cp.processes.running(c)
	if err != nil {
		return false, err
	}
	if p != nil && !p.is(path, args) {
		if err := cp.StopComponent(ctx, c); err != nil {
			return false, err
		}
		p = nil
	}
	if p == nil {
		if err := cp.ports.checkFree(c); err != nil {
			return false, err
		}
		if err := cp.ports.save(cp.config.Dir); err != nil {
			return false, err
		}
		if p, err = cp.processes.start(c, path, args); err != nil {
			return false, err
		}
		started = true
	}
	return started, cp.waitReady(ctx, c, p)
}

// waitReady waits until a program reports that it is ready, or has ended.
func (cp *ControlPlane) waitReady(ctx context.Context, c Component, p *process) error {
	probe, err := cp.probe(c)
	if err != nil {
		return err
	}
	err = poll(ctx, readyTimeout, string(c)+" to be ready", func(ctx context.Context) error {
		// Check this first: a process that has ended will not become ready, so any answer comes from
		// another program.
		if !p.alive() {
			return fmt.Errorf("process %d has ended: %w", p.PID, errGiveUp)
		}
		return probe(ctx)
	})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, logTail(cp.LogFile(c), p.LogOffset))
	}
	return nil
}

// StopComponent ends one program with SIGTERM and waits until it has ended. If it does not end within
// 30 seconds, StopComponent kills it and returns an error. If it does not run, StopComponent does nothing.
func (cp *ControlPlane) StopComponent(ctx context.Context, c Component) error {
	p, err := cp.processes.running(c)
	if err != nil || p == nil {
		return err
	}
	if err := p.end(ctx, syscall.SIGTERM, termTimeout); err != nil {
		err = fmt.Errorf("%s was killed: %w\n%s", c, err, logTail(cp.LogFile(c), p.LogOffset))
		return errors.Join(err, p.end(context.WithoutCancel(ctx), syscall.SIGKILL, killTimeout))
	}
	return nil
}

// KillComponent ends one program with SIGKILL, as a crash or a power cut would, and waits until it has
// ended. If it does not run, KillComponent does nothing.
func (cp *ControlPlane) KillComponent(ctx context.Context, c Component) error {
	p, err := cp.processes.running(c)
	if err != nil || p == nil {
		return err
	}
	if err := p.end(ctx, syscall.SIGKILL, killTimeout); err != nil {
		return fmt.Errorf("killing %s: %w", c, err)
	}
	return nil
}

// SignalComponent sends a signal to a running program and does not wait. SIGSTOP makes a program hang
// until SIGCONT. It returns an error that wraps os.ErrProcessDone if the program does not run.
func (cp *ControlPlane) SignalComponent(c Component, sig os.Signal) error {
	p, err := cp.processes.find(c)
	if err == nil && p == nil {
		err = os.ErrProcessDone
	}
	if err == nil {
		err = p.signal(sig)
	}
	if err != nil {
		return fmt.Errorf("signal %v to %s: %w", sig, c, err)
	}
	return nil
}

// Stop ends all programs, the dependents first, and leaves the state in Dir.
func (cp *ControlPlane) Stop(ctx context.Context) error {
	var errs []error
	for i := len(Components) - 1; i >= 0; i-- {
		errs = append(errs, cp.StopComponent(ctx, Components[i]))
	}
	return errors.Join(errs...)
}

// probe returns a function that succeeds if a component is ready.
func (cp *ControlPlane) probe(c Component) (func(context.Context) error, error) {
	config := &rest.Config{Host: "http://" + Address(cp.ports.Etcd)}
	path := "/readyz"
	switch c {
	case APIServer:
		config = cp.AdminConfig()
	case ControllerManager:
		config = &rest.Config{Host: "https://" + Address(cp.ports.ControllerManager)}
		config.CAData = cp.pki.cluster.certPEM
		path = "/healthz"
	case Server:
		config = cp.DirectConfig(cp.AdminConfig())
	}
	return readinessProbe(config, path)
}
