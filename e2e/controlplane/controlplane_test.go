// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"capsule.dev/tenantview/e2e/build"
)

// binDir returns the folder of the programs. If they are missing, it skips the test: building them takes
// minutes.
func binDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TENANTVIEW_BIN_DIR")
	if dir == "" {
		root, err := build.RepositoryRoot(".")
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(root, ".run", "bin")
	}
	if !build.ControlPlaneBuilt(dir) {
		t.Skipf("the programs of the control plane are not in %s; make up builds them", dir)
	}
	return dir
}

func TestControlPlaneStartsCrashesAndComesBack(t *testing.T) {
	dir, bin, ctx := t.TempDir(), binDir(t), t.Context()
	cp, err := Start(ctx, Config{Dir: dir, BinDir: bin})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's context has ended when the cleanup begins.
		if err := cp.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for range 2 {
		if err := cp.Install(ctx); err != nil {
			t.Fatal(err)
		}
	}
	client, err := kubernetes.NewForConfig(cp.AdminConfig())
	if err != nil {
		t.Fatal(err)
	}
	user, err := cp.UserConfig("alice", "devs")
	if err != nil {
		t.Fatal(err)
	}
	userClient, err := kubernetes.NewForConfig(user)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := userClient.CoreV1().Namespaces().List(ctx, metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a user without rights: got %v, expected Forbidden", err)
	}

	if _, err := cp.ServiceAccountConfig(ctx, ServerNamespace, ServerName); err != nil {
		t.Error(err)
	}

	for _, c := range []Component{ControllerManager, APIServer, Etcd} {
		if err := cp.KillComponent(ctx, c); err != nil {
			t.Fatal(err)
		}
		if cp.Running(c) {
			t.Errorf("%s still runs after it was killed", c)
		}
	}
	for _, c := range []Component{Etcd, APIServer, ControllerManager} {
		for _, want := range []bool{true, false} {
			if started, err := cp.StartComponent(ctx, c); err != nil || started != want {
				t.Fatalf("starting %s: %v, %v, expected %v", c, started, err, want)
			}
		}
	}
	// Objects from before the crash must exist.
	if _, err := client.CoreV1().Namespaces().Get(ctx, ServerNamespace, metav1.GetOptions{}); err != nil {
		t.Error(err)
	}

	if err := cp.Stop(ctx); err != nil {
		t.Error(err)
	}
	for _, c := range Components {
		if cp.Running(c) {
			t.Errorf("%s still runs after Stop", c)
		}
	}
}

func TestOwnCRDsDecode(t *testing.T) {
	files, err := fs.Glob(ownCRDs, "crds/*.yaml")
	if err != nil || len(files) != 4 {
		t.Fatalf("CRDs: %v, %v", files, err)
	}
	for _, file := range files {
		objects, err := readObjects(ownCRDs, file)
		if err != nil || len(objects) != 1 {
			t.Fatalf("%s: %d objects, %v", file, len(objects), err)
		}
		if plural, _, _ := strings.Cut(objects[0].GetName(), "."); plural+".yaml" != path.Base(file) {
			t.Errorf("%s holds %s", file, objects[0].GetName())
		}
	}
}

func TestStripConversionWebhook(t *testing.T) {
	for name, c := range map[string]struct {
		crd  string
		want bool
	}{
		"none":    {"spec: {group: g}", false},
		"None":    {"spec: {group: g, conversion: {strategy: None}}", false},
		"Webhook": {"spec: {group: g, conversion: {strategy: Webhook, webhook: {}}}", true},
	} {
		objects, err := Decode([]byte(c.crd))
		if err != nil {
			t.Fatal(err)
		}
		if got := stripConversionWebhook(objects[0]); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
		if out, err := yaml.Marshal(objects[0]); err != nil || strings.Contains(string(out), "Webhook") {
			t.Errorf("%s: it became %s, %v", name, out, err)
		}
	}
}
