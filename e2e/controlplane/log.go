// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const (
	// If a log has reached maxLogBytes when its program starts, it is renamed to NAME.log.old.
	maxLogBytes = 64 << 20
	// These bound how much of a log an error message shows.
	tailLines, tailBytes = 15, 8 << 10
)

// openLog opens a log file for appending and returns its current size.
func openLog(path string) (*os.File, int64, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, 0, err
	}
	if info, err := os.Stat(path); err == nil && info.Size() >= maxLogBytes {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, 0, err
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// logTail returns, for an error message, the file name and the last lines that were written to a log
// from offset on.
func logTail(path string, offset int64) string {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	start := max(offset, info.Size()-tailBytes)
	if info.Size() <= offset {
		return fmt.Sprintf("(nothing was written to %s)", path)
	}
	data, err := io.ReadAll(io.NewSectionReader(f, start, info.Size()-start))
	if err != nil {
		return fmt.Sprintf("(reading %s: %v)", path, err)
	}
	lines := bytes.Split(bytes.TrimRight(data, "\n"), []byte("\n"))
	if len(lines) > tailLines {
		lines = lines[len(lines)-tailLines:]
	}
	return fmt.Sprintf("the end of %s:\n    %s", path, bytes.Join(lines, []byte("\n    ")))
}
