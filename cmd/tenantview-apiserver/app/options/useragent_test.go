// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"capsule.dev/tenantview/pkg/version"
)

// Without it, the audit log of the cluster would show client-go's own v0.0.0.
func TestClientsTellTheirVersion(t *testing.T) {
	got := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.UserAgent() }))
	defer server.Close()
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	content := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "c",
		"clusters": [{"name": "c", "cluster": {"server": %q}}], "contexts": [{"name": "c", "context": {"cluster": "c"}}]}`, server.URL)
	if err := os.WriteFile(kubeconfig, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	cluster, err := ClusterConfig(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := clientset("kubeconfig", cluster)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.CoreV1().RESTClient().Get().AbsPath("/").Do(t.Context()).Error(); err != nil {
		t.Fatal(err)
	}
	if ua := <-got; ua != version.UserAgent() {
		t.Errorf("user agent %q, want %q", ua, version.UserAgent())
	}
}
