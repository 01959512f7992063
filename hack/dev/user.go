// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"capsule.dev/tenantview/e2e/controlplane"
)

// user writes a kubeconfig for the user NAME, a member of the groups MEMBER_OF.
func (e *environment) user(context.Context) error {
	name := os.Getenv("NAME")
	if name == "" {
		return errors.New("NAME is not set, as in: make user NAME=carol MEMBER_OF=a,b")
	}
	if name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return fmt.Errorf("NAME=%q cannot be part of a file name", name)
	}
	if name == "admin" || name == controlplane.ServerName || name == string(controlplane.ControllerManager) {
		return fmt.Errorf("NAME=%s: .run/%s.kubeconfig is the control plane's own", name, name)
	}
	var groups []string
	for group := range strings.SplitSeq(os.Getenv("MEMBER_OF"), ",") {
		if group = strings.TrimSpace(group); group != "" {
			groups = append(groups, group)
		}
	}
	cp, err := controlplane.Open(e.config)
	if err != nil {
		return err
	}
	if err := e.writeUser(cp, name, groups...); err != nil {
		return err
	}
	fmt.Println("wrote", e.relative(e.kubeconfig(name)))
	return nil
}

func (e *environment) writeUser(cp *controlplane.ControlPlane, name string, groups ...string) error {
	config, err := cp.UserConfig(name, groups...)
	if err != nil {
		return err
	}
	return controlplane.WriteKubeconfig(e.kubeconfig(name), name, config)
}
