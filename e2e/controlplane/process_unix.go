// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package controlplane

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// processIdentity returns when, to the second, and as what the process was started. It fails if there is
// no such process, or only what is left of it until its parent asks how it ended.
func processIdentity(pid int) (string, error) {
	out, err := exec.Command("ps", "-o", "stat=,lstart=,comm=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return "", fmt.Errorf("process %d: %w", pid, err)
	}
	fields := bytes.Fields(out)
	if len(fields) < 2 || fields[0][0] == 'Z' {
		return "", os.ErrProcessDone
	}
	return string(bytes.Join(fields[1:], []byte(" "))), nil
}

// There is no parent-death signal here: what a killed test leaves behind is found by its record when a
// control plane is next started in the same Dir.
func sysProcAttr(background bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: background, Setpgid: !background}
}
