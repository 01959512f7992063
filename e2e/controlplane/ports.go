// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Ports are TCP ports on 127.0.0.1.
type Ports struct {
	Etcd              int `json:"etcd"`
	EtcdPeer          int `json:"etcdPeer"`
	APIServer         int `json:"apiServer"`
	ControllerManager int `json:"controllerManager"`
	Server            int `json:"server"`
}

// DefaultPorts are the ports of the development control plane.
var DefaultPorts = Ports{Etcd: 16379, EtcdPeer: 16380, APIServer: 16443, ControllerManager: 16257, Server: 16444}

// portSetting maps a port to the program that listens on it and to the environment variable that sets it.
type portSetting struct {
	component Component
	env       string
	value     *int
}

func (p *Ports) settings() []portSetting {
	return []portSetting{
		{Etcd, "TENANTVIEW_ETCD_PORT", &p.Etcd},
		{Etcd, "TENANTVIEW_ETCD_PEER_PORT", &p.EtcdPeer},
		{APIServer, "TENANTVIEW_KUBE_APISERVER_PORT", &p.APIServer},
		{ControllerManager, "TENANTVIEW_CONTROLLER_MANAGER_PORT", &p.ControllerManager},
		{Server, "TENANTVIEW_SERVER_PORT", &p.Server},
	}
}

// PortsFromEnv reads TENANTVIEW_ETCD_PORT, TENANTVIEW_ETCD_PEER_PORT, TENANTVIEW_KUBE_APISERVER_PORT,
// TENANTVIEW_CONTROLLER_MANAGER_PORT and TENANTVIEW_SERVER_PORT. Ports whose variables are not set stay 0.
func PortsFromEnv() (Ports, error) {
	var ports Ports
	for _, s := range ports.settings() {
		text := os.Getenv(s.env)
		if text == "" {
			continue
		}
		port, err := strconv.Atoi(text)
		if err != nil || port < 1 || port > 65535 {
			return Ports{}, fmt.Errorf("%s=%q: not a port between 1 and 65535", s.env, text)
		}
		*s.value = port
	}
	return ports, nil
}

// Or returns a copy of p in which each port that was 0 comes from other.
func (p Ports) Or(other Ports) Ports {
	from := other.settings()
	for i, s := range p.settings() {
		if *s.value == 0 {
			*s.value = *from[i].value
		}
	}
	return p
}

// PortTakenError means that a program cannot start because something else listens on its port.
type PortTakenError struct {
	Component Component
	Port      int
	// Setting is the environment variable that sets the port.
	Setting string
}

func (e *PortTakenError) Error() string {
	return fmt.Sprintf("port %d, which %s needs, is taken by another process; choose another port with %s",
		e.Port, e.Component, e.Setting)
}

// of returns p with only the ports of the component, for comparison.
func (p Ports) of(component Component) Ports {
	for _, s := range p.settings() {
		if s.component != component {
			*s.value = 0
		}
	}
	return p
}

// checkFree returns a *PortTakenError for the first port of the component on which something listens.
func (p *Ports) checkFree(component Component) error {
	for _, s := range p.settings() {
		if s.component != component {
			continue
		}
		l, err := net.Listen("tcp", Address(*s.value))
		if errors.Is(err, syscall.EADDRINUSE) {
			return &PortTakenError{Component: component, Port: *s.value, Setting: s.env}
		}
		if err != nil {
			return fmt.Errorf("port %d of %s (%s): %w", *s.value, component, s.env, err)
		}
		if err := l.Close(); err != nil {
			return err
		}
	}
	return nil
}

// checkDistinct returns an error if two programs were given the same port.
func (p *Ports) checkDistinct() error {
	seen := map[int]string{}
	for _, s := range p.settings() {
		if other, ok := seen[*s.value]; ok {
			return fmt.Errorf("%s and %s are both %d", other, s.env, *s.value)
		}
		seen[*s.value] = s.env
	}
	return nil
}

// freePortsFrom and freePortsTo are the range of free ports. It is below the range that the kernel uses
// for outgoing connections: a port in the latter could be lost to any connection while its program
// restarts. A client that keeps retrying can even connect to itself.
const freePortsFrom, freePortsTo = 20000, 32000

// fillFree replaces each 0 by a free port. It holds all of them open until the last is chosen, so that
// no two are the same.
func (p *Ports) fillFree() error {
	for _, s := range p.settings() {
		if *s.value != 0 {
			continue
		}
		l, err := listenAnywhere()
		if err != nil {
			return fmt.Errorf("looking for a free port for %s: %w", s.component, err)
		}
		defer l.Close() //nolint:gocritic // held until all ports are found, so that no two are the same
		*s.value = l.Addr().(*net.TCPAddr).Port
	}
	return nil
}

func listenAnywhere() (l net.Listener, err error) {
	for range 100 {
		port := freePortsFrom + rand.IntN(freePortsTo-freePortsFrom)
		if l, err = net.Listen("tcp", Address(port)); err == nil {
			return l, nil
		}
	}
	return nil, err
}

// LoadPorts returns the ports of the last start in dir; all are 0 if there was none.
func LoadPorts(dir string) (Ports, error) {
	var ports Ports
	data, err := os.ReadFile(portsFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return ports, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &ports)
	}
	if err != nil {
		return Ports{}, fmt.Errorf("reading the ports of the last start: %w", err)
	}
	return ports, nil
}

func (p *Ports) save(dir string) error {
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(portsFile(dir), append(data, '\n'), 0o644)
}

func portsFile(dir string) string { return filepath.Join(dir, "ports.json") }

// Address returns the loopback address of a port, as "127.0.0.1:PORT".
func Address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
