// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/hack/dev/sample"
)

// scene is what one user does in the demo.
type scene struct {
	user, about string
	commands    []string
}

var scenes = []scene{
	{"admin", "The administrator sees the whole cluster, as ever.", []string{
		"get tenants",
		"get namespaces",
		"get storageclasses -o name",
	}},
	{"alice", "alice owns the tenant solar. RBAC cannot filter a list, so it refuses hers; tenantview shows her what is solar's.", []string{
		"get namespaces",
		"get tenantnamespaces",
		"get tenantstorageclasses",
		"get tenantnodes",
		"get tenantnamespace wind-prod",
		"get tenantview -o name",
	}},
	{"alice", "solar also grants alice Update on its nodes. She cordons one; kube-apiserver sees that it is her. For her, bob's nodes do not exist, and nobody has granted her Delete.", []string{
		cordon("solar-node-1", true),
		"get tenantnodes",
		cordon("wind-node-1", true),
		"delete tenantnode solar-node-1",
		cordon("solar-node-1", false),
	}},
	{"alice", "alice asks why she does not see a node of wind: the answer does not say whether there is one.", []string{
		"create -f hack/dev/why.yaml --validate=false -o yaml",
	}},
	{"bob", "bob owns wind: the same commands, other answers.", []string{
		"get tenantnamespaces",
		"get tenantstorageclasses",
		"get tenantpersistentvolumes",
	}},
	{"carol", "carol is shown solar's namespaces and storage classes by a ProxySetting in solar-web.", []string{
		"get tenantview -o name",
	}},
	{"dave", "dave is in the group platform, which a GlobalProxySettings gives the nodes of all pools.", []string{
		"get tenantview -o name",
	}},
	{"erin", "erin has a RoleBinding in solar-web and nothing else.", []string{
		"get tenantview -o name",
	}},
	{"mallory", "mallory has nothing.", []string{
		"get tenantnamespaces",
	}},
	{"admin", "The administrator sees in tenantview what RBAC lets him see anyway.", []string{
		"get tenantnamespaces",
	}},
}

// cordon is the command that cordons a node or lifts that. kubectl cordon knows only Nodes.
func cordon(node string, on bool) string {
	return fmt.Sprintf(`patch tenantnode %s --type=merge --patch='{"spec":{"unschedulable":%v}}'`, node, on)
}

// demo shows the sample cluster as its users see it, through the real kubectl.
func (e *environment) demo(ctx context.Context) error {
	release, err := e.lock()
	if err != nil {
		return err
	}
	defer release()
	cp, err := e.start(ctx)
	if err != nil {
		return err
	}
	if err := step(func() (string, error) {
		if err := e.applySample(ctx, cp); err != nil {
			return "", err
		}
		return "applied the sample cluster: tenants solar and wind", e.waitShown(ctx, cp)
	}); err != nil {
		return err
	}
	for _, s := range scenes {
		fmt.Printf("\n# %s\n", s.about)
		for _, command := range s.commands {
			if err := e.show(ctx, cp, s.user, command); err != nil {
				return err
			}
		}
	}
	fmt.Printf("\nIt goes on running: try your own commands. make user NAME=... adds a user, make down stops it.\n")
	return nil
}

func (e *environment) applySample(ctx context.Context, cp *controlplane.ControlPlane) error {
	applier, err := controlplane.NewApplier(cp.AdminConfig())
	if err != nil {
		return err
	}
	if err := sample.Apply(ctx, applier); err != nil {
		return err
	}
	for _, user := range sample.Users {
		if err := e.writeUser(cp, user.Name, user.Groups...); err != nil {
			return err
		}
	}
	return nil
}

// waitShown waits until the server shows the last of what was applied: it learns of it by watching, a
// moment after it was stored.
func (e *environment) waitShown(ctx context.Context, cp *controlplane.ControlPlane) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		stdout, stderr, _ := cp.Kubectl(ctx, e.kubeconfig("alice"), "get", "tenantnodes", "-o", "name")
		if strings.Count(stdout, "\n") == sample.NodesOfSolar {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("alice is not shown the %d nodes of solar; the last answer was:\n%s%s\nsee %s",
				sample.NodesOfSolar, stdout, stderr, cp.LogFile(controlplane.Server))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// show prints a command as a user would type it, and what it answers. That kubectl fails is part of the
// demo.
func (e *environment) show(ctx context.Context, cp *controlplane.ControlPlane, user, command string) error {
	fmt.Printf("$ KUBECONFIG=%s %s %s\n", e.relative(e.kubeconfig(user)), e.relative(e.binDir()+"/kubectl"), command)
	stdout, stderr, _ := cp.Kubectl(ctx, e.kubeconfig(user), strings.Fields(strings.ReplaceAll(command, "'", ""))...)
	fmt.Print(stdout, stderr)
	return ctx.Err()
}
