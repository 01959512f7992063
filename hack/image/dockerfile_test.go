// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// The Dockerfile must give the image the same configuration.
func TestDockerfileHasTheSameConfiguration(t *testing.T) {
	last := map[string]string{}
	for line := range strings.Lines(strings.ReplaceAll(read(t, "../../Dockerfile"), "\\\n", "")) {
		instruction, argument, _ := strings.Cut(strings.TrimSpace(line), " ")
		last[instruction] = argument
	}
	img := must(newImage(version{name: "v1.2.3"}, v1.Platform{OS: "linux", Architecture: "amd64"}, []byte("binary")))(t)
	config := must(img.ConfigFile())(t).Config
	entrypoint := string(must(json.Marshal(config.Entrypoint))(t))
	want := map[string]string{
		"FROM": "scratch", "COPY": "--from=build /image/ /", "ENV": strings.Join(config.Env, " "), "WORKDIR": config.WorkingDir,
		"EXPOSE": port, "USER": config.User, "ENTRYPOINT": entrypoint,
	}
	for instruction, argument := range want {
		if last[instruction] != argument {
			t.Errorf("the last %s is %q, want %q", instruction, last[instruction], argument)
		}
	}
	labels := regexp.MustCompile(`(\S+)="([^"]*)"`).FindAllStringSubmatch(last["LABEL"], -1)
	if len(labels) == 0 {
		t.Error("no labels")
	}
	for _, label := range labels {
		if config.Labels[label[1]] != label[2] {
			t.Errorf("label %s is %q, want %q", label[1], label[2], config.Labels[label[1]])
		}
	}
}

// What the Dockerfile copies is what the image has.
func TestFiles(t *testing.T) {
	repository, out := sharedImage(t)
	to := filepath.Join(t.TempDir(), "image")
	platform := "linux/" + runtime.GOARCH
	if err := run(t.Context(), []string{"files", "-root", repository, "-to", to, "-platforms", platform}); err != nil {
		t.Fatal(err)
	}
	img := must(tarball.ImageFromPath(filepath.Join(out, "tenantview-apiserver-linux-"+runtime.GOARCH+".tar"), nil))(t)
	modes, contents := extract(t, img)
	got := map[string]string{}
	err := filepath.WalkDir(to, func(path string, d os.DirEntry, err error) error {
		if err != nil || path == to {
			return err
		}
		name := must(filepath.Rel(to, path))(t)
		if d.IsDir() {
			name += "/"
		} else if read(t, path) != contents[name] {
			t.Errorf("%s differs", name)
		}
		got[name] = must(d.Info())(t).Mode().String()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(modes, got); diff != "" {
		t.Errorf("files (-image +folder):\n%s", diff)
	}
}
