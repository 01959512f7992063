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

// processIdentity returns the start time of a process, to the second, and its command. It fails if there
// is no such process or if it is a zombie.
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

// sysProcAttr sets no parent-death signal, because these systems have none. If a killed test leaves
// processes behind, the next start of a control plane in the same Dir finds them by their records.
func sysProcAttr(background bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: background, Setpgid: !background}
}
