// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"errors"
	"path/filepath"
)

// DefaultControllers are the controllers that namespaces, service accounts and roles need. Controllers
// of Nodes and volumes are left out: without kubelets they would declare every Node lost and every
// volume released.
var DefaultControllers = []string{
	"namespace-controller", "garbage-collector-controller", "serviceaccount-controller", "clusterrole-aggregation-controller",
}

// Config says where a control plane keeps its state and how its processes run.
type Config struct {
	// Dir holds the state: etcd's data, keys and certificates, logs and process records. Required.
	// It outlives the processes: a control plane that starts again in the same Dir continues the same
	// cluster.
	Dir string
	// BinDir holds the programs that Build makes. Default: Dir/bin.
	BinDir string
	// Ports are the loopback ports. 0 stands for the port of the last start in Dir or, the first time,
	// for a free port.
	Ports Ports
	// CRDDir is a folder with YAML files of CRDs that replace the project's own. Optional.
	CRDDir string
	// Background detaches the processes from this one: they keep running when it exits, and a later
	// Open with the same Dir finds them. Otherwise they die with this process, however it ends.
	Background bool
	// EtcdFlags are appended to etcd's flags.
	EtcdFlags []string
	// APIServerFlags are appended to kube-apiserver's flags.
	APIServerFlags []string
	// Artifacts are files of artifacts/ that Install installs in addition to those that every server needs.
	Artifacts []string
	// Controllers are the controllers that kube-controller-manager runs. Default: DefaultControllers.
	Controllers []string
	// Notef is called with messages for the user, for example about a CRD that was changed to fit.
	// Optional.
	Notef func(format string, args ...any)
}

func (c *Config) complete() error {
	if c.Dir == "" {
		return errors.New("control plane: Config.Dir must be set")
	}
	var err error
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return err
	}
	if c.BinDir == "" {
		c.BinDir = filepath.Join(c.Dir, "bin")
	}
	if c.BinDir, err = filepath.Abs(c.BinDir); err != nil {
		return err
	}
	if c.Controllers == nil {
		c.Controllers = DefaultControllers
	}
	if c.Notef == nil {
		c.Notef = func(string, ...any) {}
	}
	return nil
}
