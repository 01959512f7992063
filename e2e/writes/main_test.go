// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package writes

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

var (
	// shared is the control plane of all tests.
	shared *testcluster.Cluster
	// auditLog is the file of kube-apiserver's audit log.
	auditLog string
)

// auditPolicy records who has written what to the kinds that the server writes.
const auditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  verbs: [create, update, patch, delete]
  resources:
  - {group: "", resources: [nodes, persistentvolumes]}
- level: None
`

// Most tests ask for many absent names, each of which would cost a review of native RBAC and soon exceed
// its limit.
var serverFlags = []string{"--enable-writes", "--native-rbac=Ignore"}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	// What client-go says of warnings and of the connections that tests cut.
	testcluster.DiscardClientLog()

	dir, err := os.MkdirTemp("", "tenantview-audit-")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "policy.yaml"), []byte(auditPolicy), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	auditLog = filepath.Join(dir, "audit.log")
	config := controlplane.Config{
		Artifacts: []string{"writes.yaml"},
		// The garbage collector would delete objects of tests whose owner does not exist.
		Controllers: []string{"namespace-controller", "serviceaccount-controller", "clusterrole-aggregation-controller"},
		APIServerFlags: []string{
			"--audit-policy-file=" + filepath.Join(dir, "policy.yaml"), "--audit-log-path=" + auditLog, "--audit-log-mode=blocking",
		},
	}
	return testcluster.Main(m, config, serverFlags, func(_ context.Context, c *testcluster.Cluster) error {
		shared = c
		return nil
	})
}
