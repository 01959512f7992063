// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
)

// processIdentity returns a text that no other process has ever had or will have: the boot's id and when,
// in clock ticks after the boot, the process was started. It fails if there is no such process, or only
// what is left of it until its parent asks how it ended.
func processIdentity(pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", err
	}
	ended, started, err := parseStat(stat)
	if err != nil {
		return "", fmt.Errorf("/proc/%d/stat: %w", pid, err)
	}
	if ended {
		return "", os.ErrProcessDone
	}
	return fmt.Sprintf("%s/%s", bytes.TrimSpace(boot), started), nil
}

// parseStat reads the fields state (3), num_threads (20) and starttime (22) of /proc/PID/stat; see
// proc_pid_stat(5).
func parseStat(stat []byte) (ended bool, started string, err error) {
	// Field 2 is the program's name in parentheses, and may itself hold spaces and parentheses.
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return false, "", fmt.Errorf("no program name in %q", stat)
	}
	fields := bytes.Fields(stat[end+1:])
	if len(fields) < 20 {
		return false, "", fmt.Errorf("%d fields after the program's name, expected at least 20", len(fields))
	}
	state, threads, started := fields[0][0], string(fields[17]), string(fields[19])
	// The first thread of a killed process may be a zombie while others still hold its ports.
	ended = state == 'X' || state == 'Z' && (threads == "0" || threads == "1")
	return ended, started, nil
}

func sysProcAttr(background bool) *syscall.SysProcAttr {
	if background {
		return &syscall.SysProcAttr{Setsid: true}
	}
	// Own process group: Ctrl-C in a terminal is for the test, which then stops them in order.
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
