// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// uid is the user and group that the image runs as: nonroot, the same as in distroless images.
const uid = 65532

// binaryName is the server's file in the root folder.
const binaryName = "tenantview-apiserver"

// file is a file or folder of the image. All belong to root, and nobody may write to them.
type file struct {
	// path has no leading slash. That of a folder ends in one.
	path string
	mode fs.FileMode
	data []byte
}

// baseFiles are the files that do not change with the server: parents come before children.
func baseFiles() []file {
	return []file{
		{path: "etc/", mode: 0o755},
		{path: "etc/group", mode: 0o644, data: fmt.Appendf(nil, "root:x:0:\nnonroot:x:%d:\n", uid)},
		// Go's resolver would look into the DNS before it looks into /etc/hosts.
		{path: "etc/nsswitch.conf", mode: 0o644, data: []byte("hosts: files dns\n")},
		{path: "etc/passwd", mode: 0o644, data: fmt.Appendf(nil, "root:x:0:0:root:/:/sbin/nologin\nnonroot:x:%d:%[1]d:nonroot:/:/sbin/nologin\n", uid)},
		{path: "etc/ssl/", mode: 0o755},
		{path: "etc/ssl/certs/", mode: 0o755},
		{path: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, data: certificates()},
	}
}

// certificates are the roots that Mozilla trusts, in PEM. Those that it trusts only for certificates of before
// some date are left out: PEM cannot say it.
func certificates() []byte {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return out.Bytes()
}

// binaryFiles are the files that change with the server.
func binaryFiles(binary []byte) []file {
	return []file{{path: binaryName, mode: 0o755, data: binary}}
}

// archive returns the files as a tar archive that depends on nothing else. Their time is the beginning of
// 1970, so that the layer of baseFiles is the same for every version.
func archive(files []file) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: f.path, Mode: int64(f.mode), Size: int64(len(f.data)), ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
		if strings.HasSuffix(f.path, "/") {
			header.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

// writeTree writes the files below dir, which must be empty or absent.
func writeTree(dir string, files []file) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("-to: %s is not empty", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.path))
		var err error
		if strings.HasSuffix(f.path, "/") {
			err = os.Mkdir(path, f.mode)
		} else {
			err = os.WriteFile(path, f.data, f.mode)
		}
		if err == nil {
			err = os.Chmod(path, f.mode) // whatever the umask is
		}
		if err == nil {
			err = os.Chtimes(path, time.Unix(0, 0), time.Unix(0, 0))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
