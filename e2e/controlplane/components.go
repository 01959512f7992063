// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Component is one of the programs of a control plane.
type Component string

// The programs of a control plane.
const (
	Etcd              Component = "etcd"
	APIServer         Component = "kube-apiserver"
	ControllerManager Component = "kube-controller-manager"
	// Server is tenantview-apiserver.
	Server Component = ServerName
)

// Components are all programs, each after the ones that it needs.
var Components = []Component{Etcd, APIServer, ControllerManager, Server}

// program returns the name of the component's file in Config.BinDir.
func (c Component) program() string { return string(c) }

const (
	adminUser      = "admin"
	mastersGroup   = "system:masters"
	frontProxyUser = "front-proxy-client"

	serviceAccountIssuer = "https://kubernetes.default.svc"
)

func (cp *ControlPlane) arguments(c Component) ([]string, error) {
	switch c {
	case Etcd:
		return append(cp.etcdArguments(), cp.config.EtcdFlags...), nil
	case APIServer:
		return append(cp.apiServerArguments(), cp.config.APIServerFlags...), nil
	case ControllerManager:
		return cp.controllerManagerArguments()
	case Server:
		return append(cp.serverArguments(), cp.serverFlags...), nil
	}
	return nil, fmt.Errorf("there is no component %q", c)
}

func (cp *ControlPlane) etcdArguments() []string {
	client := "http://" + Address(cp.ports.Etcd)
	peer := "http://" + Address(cp.ports.EtcdPeer)
	return []string{
		"--name=default",
		"--data-dir=" + filepath.Join(cp.config.Dir, "etcd"),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=default=" + peer,
		// Waiting for the disk at each write makes tests slow. A cluster that is lost in a power cut can
		// be made again.
		"--unsafe-no-fsync",
		"--log-level=warn",
	}
}

func (cp *ControlPlane) apiServerArguments() []string {
	return []string{
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", cp.ports.APIServer),
		"--etcd-servers=http://" + Address(cp.ports.Etcd),
		"--service-cluster-ip-range=10.96.0.0/16",
		// The Endpoints of the Service "kubernetes" may not contain a loopback address.
		"--endpoint-reconciler-type=none",
		"--tls-cert-file=" + cp.pki.path("kube-apiserver.crt"),
		"--tls-private-key-file=" + cp.pki.path("kube-apiserver.key"),
		"--client-ca-file=" + cp.pki.path("ca.crt"),
		"--authorization-mode=RBAC",
		"--service-account-issuer=" + serviceAccountIssuer,
		"--service-account-key-file=" + cp.pki.path("service-account.pub"),
		"--service-account-signing-key-file=" + cp.pki.path("service-account.key"),
		"--requestheader-client-ca-file=" + cp.pki.path("front-proxy-ca.crt"),
		"--requestheader-allowed-names=" + frontProxyUser,
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-uid-headers=X-Remote-Uid",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + cp.pki.path("front-proxy-client.crt"),
		"--proxy-client-key-file=" + cp.pki.path("front-proxy-client.key"),
		// If this were true, the APIService could not point to a Service of type ExternalName.
		"--enable-aggregator-routing=false",
		// These two add a taint and a finalizer. The controllers that remove them do not run here.
		"--disable-admission-plugins=TaintNodesByCondition,StorageObjectInUseProtection",
		"--profiling=false",
	}
}

func (cp *ControlPlane) controllerManagerArguments() ([]string, error) {
	user, err := cp.UserConfig("system:kube-controller-manager")
	if err != nil {
		return nil, err
	}
	kubeconfig := filepath.Join(cp.config.Dir, "kube-controller-manager.kubeconfig")
	if err := WriteKubeconfig(kubeconfig, "system:kube-controller-manager", user); err != nil {
		return nil, err
	}
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", cp.ports.ControllerManager),
		"--tls-cert-file=" + cp.pki.path("kube-controller-manager.crt"),
		"--tls-private-key-file=" + cp.pki.path("kube-controller-manager.key"),
		"--leader-elect=false",
		"--use-service-account-credentials",
		"--service-account-private-key-file=" + cp.pki.path("service-account.key"),
		"--controllers=" + strings.Join(cp.config.Controllers, ","),
		"--concurrent-namespace-syncs=20",
		"--kube-api-qps=500",
		"--kube-api-burst=1000",
		"--profiling=false",
	}, nil
}
