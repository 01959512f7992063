// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"capsule.dev/tenantview/hack/bench/result"
)

// sizes are the sizes that a run can have, in the order of the report.
var sizes = []string{"small", "medium", "large"}

// readResults returns the results in the folder in the order of their sizes. A size may be missing, but not
// all. An error names the file and what is wrong with it.
func readResults(dir string) ([]result.Result, error) {
	var results []result.Result
	for _, size := range sizes {
		path := filepath.Join(dir, size+".json")
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		r, err := decode(content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if r.Size != size {
			return nil, fmt.Errorf("%s: size is %q, must be %q as in the file's name", path, r.Size, size)
		}
		if err := validate(&r); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		results = append(results, r)
	}
	if len(results) == 0 {
		return nil, fmt.Errorf("%s holds no results: run make bench-e2e SIZE=small first", dir)
	}
	return results, nil
}

// decode decodes a result and refuses fields that it does not know: a misspelt one would read as zero.
func decode(content []byte) (result.Result, error) {
	var r result.Result
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&r)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		line := 1 + bytes.Count(content[:min(int(syntax.Offset), len(content))], []byte("\n"))
		return r, fmt.Errorf("line %d: not valid JSON: %w", line, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return r, errors.New("not valid JSON: the file ends too early")
	case err != nil:
		return r, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return r, errors.New("something follows the result")
	}
	return r, nil
}
