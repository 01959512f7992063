// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"capsule.dev/tenantview/e2e/testcluster"
)

const auditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Metadata, users: [alice], resources: [{group: tenantview.capsule.dev}]}
- {level: None}
`

// The flags for audit logs work as in kube-apiserver. The events say how much was shown, by which right,
// under which policy. They leave out what is hidden.
func TestAuditLog(t *testing.T) {
	arrange(t, solarAndWind)
	dir := t.TempDir()
	policy, log := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "audit.log")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	s := shared.Serve(t, shared.ServerAccount(t), nil, "--audit-policy-file="+policy, "--audit-log-path="+log, "--unset-classes=None")
	s.WaitReady(t)
	alice, path := shared.As(t, "alice"), kindOf("namespaces").Path()
	paths := map[string]string{path: "2", path + "/solar-a": "1", path + "/wind-a": "0", path + "/absent": "0"}
	for path := range paths {
		if _, err := s.TryGet(t, alice, path); err != nil {
			t.Fatal(err)
		}
		if _, err := s.TryGet(t, shared.As(t, "bob"), path); err != nil {
			t.Fatal(err)
		}
	}
	want, got := map[string]map[string]string{}, map[string]map[string]string{}
	for path, objects := range paths {
		want[path] = map[string]string{"objects": objects, "native-rbac": "false", "policy": "default UnsetClasses=None"}
	}
	want[path+"/solar-a"]["native-rbac"] = "not-asked"
	testcluster.Eventually(t, "all requests are in the log", func() error {
		content, err := os.ReadFile(log)
		if err != nil {
			return err
		}
		clear(got)
		for line := range strings.Lines(string(content)) {
			var e auditv1.Event
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				return err
			}
			if e.User.Username != "alice" {
				return fmt.Errorf("an event of %s", e.User.Username)
			}
			got[e.RequestURI] = map[string]string{}
			for key, value := range e.Annotations {
				if key, ok := strings.CutPrefix(key, "tenantview.capsule.dev/"); ok {
					got[e.RequestURI][key] = value
				}
			}
		}
		if len(got) < len(want) {
			return fmt.Errorf("the log has only %d events", len(got))
		}
		return nil
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("annotations by request (-want +got):\n%s", diff)
	}
}
