// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Read reads a result from a file. If there is no file, its error wraps os.ErrNotExist.
func Read(file string) (*Result, error) {
	r := &Result{}
	return r, ReadFile(file, r)
}

// ReadFile reads the JSON of a file. It refuses fields that it does not know: a misspelt one would read as zero. If
// there is no file, its error wraps os.ErrNotExist. Any other error names the file and what is wrong with it.
func ReadFile(file string, into any) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := decode(content, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

func decode(content []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		line := 1 + bytes.Count(content[:min(int(syntax.Offset), len(content))], []byte("\n"))
		return fmt.Errorf("line %d: not valid JSON: %w", line, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("not valid JSON: the file ends too early")
	case err != nil:
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the result")
	}
	return nil
}

// WriteFile writes a value to a file as JSON, and makes the folder if it does not exist.
func WriteFile(file string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}
