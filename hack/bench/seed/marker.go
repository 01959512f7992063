// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package seed

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"capsule.dev/tenantview/hack/bench/world"
)

// sample is the number of objects of each kind that the digest of a world is made from.
const sample = 20

// Digest returns a text that changes with the parameters of a world, and with the code that generates or
// encodes it.
func Digest(w *world.World) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%+v\n", w.Params)
	for _, k := range w.Kinds() {
		for n := range min(sample, k.Count) {
			object := k.Make(n * k.Count / min(sample, k.Count))
			key, err := Key(k, object)
			if err != nil {
				return "", err
			}
			value, err := Encode(k, object)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(h, "%s %d %s\n", key, k.Count, value)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Seeded returns whether the state in dir was seeded completely with the world of this digest.
func Seeded(dir, digest string) (bool, error) {
	data, err := os.ReadFile(marker(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return strings.TrimSpace(string(data)) == digest, err
}

// Mark records that the state in dir was seeded completely with the world of this digest.
func Mark(dir, digest string) error {
	return os.WriteFile(marker(dir), []byte(digest+"\n"), 0o644)
}

func marker(dir string) string { return filepath.Join(dir, "seeded") }
