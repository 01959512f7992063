// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package servingcert

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// An administrator must learn which of the two files is wrong, and why.
func TestLoad(t *testing.T) {
	good, other := issue(t, nil), issue(t, nil)
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"good.crt": good.cert, "good.key": good.key, "other.key": other.key, "garbage": []byte("garbage"), "empty": nil,
		"both": bytes.Join([][]byte{good.key, good.cert, other.cert}, nil),
	} {
		write(t, filepath.Join(dir, name), content)
	}
	for name, tc := range map[string]struct{ cert, key, want string }{
		"good":                     {"good.crt", "good.key", ""},
		"both in one file":         {"both", "both", ""},
		"no certificate file":      {"absent", "good.key", "open {absent}: no such file or directory"},
		"no key file":              {"good.crt", "absent", "open {absent}: no such file or directory"},
		"a folder":                 {"", "good.key", "read {}: is a directory"},
		"an empty certificate":     {"empty", "good.key", "{empty}: no usable PEM certificate"},
		"a certificate of garbage": {"garbage", "good.key", "{garbage}: no usable PEM certificate"},
		"swapped":                  {"good.key", "good.crt", "{good.key}: no usable PEM certificate"},
		"an empty key":             {"good.crt", "empty", "{empty}: no usable private key"},
		"a key of garbage":         {"good.crt", "garbage", "{garbage}: no usable private key"},
		"another key":              {"good.crt", "other.key", "{other.key}: the private key is not the one of the certificate in {good.crt}"},
	} {
		t.Run(name, func(t *testing.T) {
			leaf, err := Load(filepath.Join(dir, tc.cert), filepath.Join(dir, tc.key))
			want := strings.NewReplacer("{}", dir, "{", dir+"/", "}", "").Replace(tc.want)
			switch {
			case want == "" && (err != nil || leaf.DNSNames[0] != serverName):
				t.Errorf("certificate %v, error %v", leaf, err)
			case want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)):
				t.Errorf("error %v, want %s", err, want)
			}
		})
	}
}
