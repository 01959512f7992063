// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

const testImage = "registry.example.com/team/tenantview"

// buildImage builds the image of a repository and returns the output folder.
func buildImage(t *testing.T, repository string, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	args = append([]string{"build", "-root", repository, "-out", out, "-image", testImage}, args...)
	if err := run(t.Context(), args); err != nil {
		t.Fatal(err)
	}
	return out
}

// openLayout returns the index of the images and the manifests beside it.
func openLayout(t *testing.T, out string) (images v1.ImageIndex, others []v1.Image) {
	t.Helper()
	top := must(layout.ImageIndexFromPath(filepath.Join(out, layoutDir)))(t)
	if err := validate.Index(top); err != nil {
		t.Errorf("the layout is not valid: %v", err)
	}
	for _, m := range must(top.IndexManifest())(t).Manifests {
		if m.MediaType.IsIndex() {
			images = must(top.ImageIndex(m.Digest))(t)
		} else {
			others = append(others, must(top.Image(m.Digest))(t))
		}
	}
	return images, others
}

// must returns a function that returns the value, or fails a test if there is an error.
func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// Nobody could check a published image against its sources otherwise.
func TestBuildsAreTheSame(t *testing.T) {
	repository, first := sharedImage(t)
	t.Setenv("GOFLAGS", "-tags=other")
	t.Setenv("GOAMD64", "v3")
	t.Setenv("CGO_ENABLED", "1")
	t.Setenv("TZ", "Asia/Tokyo")
	second := buildImage(t, clone(t, repository))
	files := func(dir string) map[string]string {
		all := map[string]string{}
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				all[must(filepath.Rel(dir, path))(t)] = read(t, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	a, b := files(first), files(second)
	if len(a) < 10 || len(a) != len(b) {
		t.Fatalf("%d and %d files", len(a), len(b))
	}
	for name := range a {
		if a[name] != b[name] {
			t.Errorf("%s differs", name)
		}
	}
}

func TestImage(t *testing.T) {
	repository, out := sharedImage(t)
	commit := git(t, repository, "rev-parse", "HEAD")
	index, _ := openLayout(t, out)
	if got, want := read(t, filepath.Join(out, digestFile)), must(index.Digest())(t).String()+"\n"; got != want {
		t.Errorf("digest %q, want %q", got, want)
	}
	described := map[string]string{
		"org.opencontainers.image.title": "tenantview-apiserver", "org.opencontainers.image.licenses": "Apache-2.0",
		"org.opencontainers.image.description": "Aggregated API server that shows users the cluster objects that their tenants may see",
		"org.opencontainers.image.vendor":      "The tenantview Authors", "org.opencontainers.image.url": "https://capsule.dev/tenantview",
		"org.opencontainers.image.source": "https://capsule.dev/tenantview", "org.opencontainers.image.documentation": "https://capsule.dev/tenantview",
		"org.opencontainers.image.version": "v1.2.3", "org.opencontainers.image.created": "2001-09-09T01:46:40Z", "org.opencontainers.image.revision": commit,
	}
	manifest := must(index.IndexManifest())(t)
	if diff := cmp.Diff(described, manifest.Annotations); diff != "" {
		t.Errorf("annotations of the index (-want +got):\n%s", diff)
	}
	var platforms []string
	for _, m := range manifest.Manifests {
		platforms = append(platforms, m.Platform.String())
		img := must(index.Image(m.Digest))(t)
		config := must(img.ConfigFile())(t)
		if config.OS+"/"+config.Architecture != m.Platform.String() {
			t.Errorf("configuration for %s/%s, manifest for %s", config.OS, config.Architecture, m.Platform)
		}
		want := v1.Config{
			User: "65532:65532", Entrypoint: []string{"/tenantview-apiserver"}, Env: []string{"PATH=/"}, WorkingDir: "/",
			ExposedPorts: map[string]struct{}{"8443/tcp": {}}, Labels: described,
		}
		if diff := cmp.Diff(want, config.Config); diff != "" {
			t.Errorf("configuration for %s (-want +got):\n%s", m.Platform, diff)
		}
		if !config.Created.Equal(time.Unix(1000000000, 0)) {
			t.Errorf("created %s", config.Created)
		}
		if diff := cmp.Diff(described, must(img.Manifest())(t).Annotations); diff != "" {
			t.Errorf("annotations for %s (-want +got):\n%s", m.Platform, diff)
		}
		if mt := must(img.MediaType())(t); mt != types.OCIManifestSchema1 {
			t.Errorf("media type %s", mt)
		}
	}
	if diff := cmp.Diff([]string{"linux/amd64", "linux/arm64"}, platforms); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
}

// The tarball is what docker load, ctr image import and kind load image-archive read. The image has no shell
// and no files that nobody needs.
func TestTarball(t *testing.T) {
	repository, out := sharedImage(t)
	commit := git(t, repository, "rev-parse", "HEAD")
	for _, arch := range []string{"amd64", "arm64"} {
		path := filepath.Join(out, "tenantview-apiserver-linux-"+arch+".tar")
		tags := must(tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(path) }))(t)[0].RepoTags
		if diff := cmp.Diff([]string{testImage + ":v1.2.3"}, tags); diff != "" {
			t.Errorf("tags (-want +got):\n%s", diff)
		}
		img := must(tarball.ImageFromPath(path, nil))(t)
		if err := validate.Image(img); err != nil {
			t.Errorf("%s is not valid: %v", path, err)
		}
		if got := must(img.ConfigFile())(t).Architecture; got != arch {
			t.Errorf("%s is for %s", path, got)
		}
		modes, contents := extract(t, img)
		want := map[string]string{
			"etc/": "drwxr-xr-x", "etc/ssl/": "drwxr-xr-x", "etc/ssl/certs/": "drwxr-xr-x",
			"etc/group": "-rw-r--r--", "etc/nsswitch.conf": "-rw-r--r--", "etc/passwd": "-rw-r--r--",
			"etc/ssl/certs/ca-certificates.crt": "-rw-r--r--", "tenantview-apiserver": "-rwxr-xr-x",
		}
		if diff := cmp.Diff(want, modes); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
		certs := 0
		for rest := []byte(contents["etc/ssl/certs/ca-certificates.crt"]); ; certs++ {
			var block *pem.Block
			if block, rest = pem.Decode(rest); block == nil {
				break
			}
		}
		if certs < 100 {
			t.Errorf("%d CA certificates", certs)
		}
		if arch != runtime.GOARCH || runtime.GOOS != "linux" {
			continue
		}
		binary := filepath.Join(t.TempDir(), "binary")
		write(t, binary, contents["tenantview-apiserver"])
		got := string(must(exec.CommandContext(t.Context(), binary, "--version").Output())(t))
		if want := "tiny v1.2.3 " + commit + " clean 2001-09-09T01:46:40Z 00000000-0000-0000-0000-000000000000\n"; got != want {
			t.Errorf("the program says %q, want %q", got, want)
		}
	}
}

// extract returns the files of an image: their modes and their contents.
func extract(t *testing.T, img v1.Image) (modes, contents map[string]string) {
	t.Helper()
	modes, contents = map[string]string{}, map[string]string{}
	for r := tar.NewReader(mutate.Extract(img)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return modes, contents
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.ModTime.Unix() != 0 {
			t.Errorf("%s: user %d, group %d, time %s", h.Name, h.Uid, h.Gid, h.ModTime)
		}
		name := strings.TrimSuffix(h.Name, "/")
		if h.Typeflag == tar.TypeDir {
			name += "/"
		}
		modes[name], contents[name] = h.FileInfo().Mode().String(), string(must(io.ReadAll(r))(t))
	}
}

// A part of the image that only another platform's build wrote must not stay.
func TestBuildReplaces(t *testing.T) {
	unsetVersion(t)
	repository := newRepository(t)
	out := buildImage(t, repository)
	args := []string{"build", "-root", repository, "-out", out, "-image", testImage + ":one", "-platforms", "linux/amd64"}
	if err := run(t.Context(), args); err != nil {
		t.Fatal(err)
	}
	index, sboms := openLayout(t, out)
	if n := len(must(index.IndexManifest())(t).Manifests); n != 1 || len(sboms) != 1 {
		t.Errorf("%d platforms and %d SBOMs, want one of each", n, len(sboms))
	}
	var names []string
	for _, e := range must(os.ReadDir(out))(t) {
		names = append(names, e.Name())
	}
	if want := []string{"digest", "oci", "tenantview-apiserver-linux-amd64.cdx.json", "tenantview-apiserver-linux-amd64.tar"}; !slices.Equal(names, want) {
		t.Errorf("files %q, want %q", names, want)
	}
}

// A program that does not compile, or lacks its version, must not become an image.
func TestBuildFails(t *testing.T) {
	unsetVersion(t)
	for name, c := range map[string]struct{ path, content, want string }{
		"it does not compile":  {"cmd/tenantview-apiserver/main.go", "package main\nfunc main() { undefined() }\n", "undefined: undefined"},
		"it has no version":    {"pkg/version/version.go", strings.Replace(programVersion, "gitVersion,", "version,", 1), "undefined: gitVersion"},
		"it says another one":  {"pkg/version/version.go", "package version\n\nfunc Text() string { return \"v9\" }\n", `expected v1.2.3-dirty of commit`},
		"the script is absent": {"hack/build.sh", "#!/no/such/shell\n", "hack/build.sh"},
	} {
		t.Run(name, func(t *testing.T) {
			repository := newRepository(t)
			write(t, filepath.Join(repository, c.path), c.content)
			out := t.TempDir()
			err := run(t.Context(), []string{"build", "-root", repository, "-out", out, "-image", testImage, "-platforms", "linux/" + runtime.GOARCH})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
			if _, err := os.Stat(filepath.Join(out, digestFile)); err == nil {
				t.Error("a digest was written")
			}
		})
	}
}

func TestWrongArguments(t *testing.T) {
	unsetVersion(t)
	repository := newRepository(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "no command"},
		{[]string{"bake"}, `unknown command "bake"`},
		{[]string{"build", "now"}, `unexpected argument "now"`},
		{[]string{"build", "-platforms=linux/s390x"}, `"linux/s390x" is none of linux/amd64 and linux/arm64`},
		{[]string{"build", "-platforms=linux/amd64,"}, `"" is none of`},
		{[]string{"build", "-platforms=linux/amd64,linux/amd64"}, "linux/amd64 is there twice"},
		{[]string{"build", "-image=Upper/Case"}, "-image: "},
		{[]string{"build", "-image=a.example.com/b:c:d"}, "-image: "},
		{[]string{"push", "-out=/no/such/folder"}, "run make image first"},
		{[]string{"files"}, "files needs -to"},
		{[]string{"files", "-to=" + repository, "-platforms=linux/" + runtime.GOARCH}, "is not empty"},
	} {
		args := slices.Clone(c.args)
		if len(args) > 0 {
			args = slices.Insert(args, 1, "-root="+repository)
		}
		if err := run(t.Context(), args); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %q in it", c.args, err, c.want)
		}
	}
}
