// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
)

// processIdentity returns a text that is unique to a process: the ID of the boot, and the start time of
// the process in clock ticks after the boot. It fails if there is no such process or if it is a zombie.
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
	// Use a separate process group: Ctrl-C in a terminal must reach only the test, which then stops the
	// programs in order.
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
