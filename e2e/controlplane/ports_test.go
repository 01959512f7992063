// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", Address(0))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	cp, err := Open(Config{Dir: t.TempDir(), Ports: Ports{EtcdPeer: taken}})
	if err != nil {
		t.Fatal(err)
	}
	err = cp.CheckPorts()
	want := &PortTakenError{Component: Etcd, Port: taken, Setting: "TENANTVIEW_ETCD_PEER_PORT"}
	var got *PortTakenError
	if !errors.As(err, &got) {
		t.Fatalf("got %v, expected a PortTakenError", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cp.CheckPorts(); err != nil {
		t.Errorf("after the port was free again: %v", err)
	}
}

func TestPortsFromEnv(t *testing.T) {
	t.Setenv("TENANTVIEW_SERVER_PORT", "7444")
	got, err := PortsFromEnv()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Ports{Server: 7444}, got); diff != "" {
		t.Error(diff)
	}
	want := DefaultPorts
	want.Server = 7444
	if diff := cmp.Diff(want, got.Or(DefaultPorts)); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"0", "65536", "-1", "http"} {
		t.Setenv("TENANTVIEW_ETCD_PORT", bad)
		if _, err := PortsFromEnv(); err == nil || !strings.Contains(err.Error(), "TENANTVIEW_ETCD_PORT") {
			t.Errorf("%q: got error %v, expected one that names the variable", bad, err)
		}
	}
}

func TestPortsAreDistinctAndSurvive(t *testing.T) {
	dir := t.TempDir()
	cp, err := Open(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ports := cp.Ports()
	if err := ports.checkDistinct(); err != nil {
		t.Error(err)
	}
	if err := ports.save(dir); err != nil {
		t.Fatal(err)
	}
	again, err := Open(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ports, again.Ports()); diff != "" {
		t.Error(diff)
	}
	_, err = Open(Config{Dir: dir, Ports: Ports{Etcd: ports.Server}})
	if err == nil || !strings.Contains(err.Error(), "TENANTVIEW_ETCD_PORT and TENANTVIEW_SERVER_PORT") {
		t.Errorf("two programs on one port: got error %v", err)
	}
}
