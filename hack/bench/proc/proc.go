// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package proc reads the processor time and the memory of processes from /proc, as Linux describes it in
// proc(5).
package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc: Linux reports 100 ticks a second to programs on all its platforms that
// Go supports.
const tick = 10 * time.Millisecond

// CPU returns the processor time that a process has used, in user and in kernel mode.
func CPU(pid int) (time.Duration, error) {
	fields, err := stat(pid)
	if err != nil {
		return 0, err
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, err
}

// Age returns the time since a process was started, in steps of 10 ms.
func Age(pid int) (time.Duration, error) {
	fields, err := stat(pid)
	if err != nil {
		return 0, err
	}
	started, err := strconv.ParseInt(fields[19], 10, 64)
	if err != nil {
		return 0, err
	}
	data, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(data), " ")
	uptime, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0, fmt.Errorf("/proc/uptime: %w", err)
	}
	return time.Duration(uptime*float64(time.Second)) - time.Duration(started)*tick, nil
}

// stat returns the fields of /proc/PID/stat from the third, the state, on.
func stat(pid int) ([]string, error) {
	file := fmt.Sprintf("/proc/%d/stat", pid)
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	// The second field is the name of the program in parentheses, and may hold spaces.
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 20 {
		return nil, fmt.Errorf("%s has only %d fields after the name", file, len(fields))
	}
	return fields, nil
}

// Memory returns the resident memory of a process, and its maximum so far, in bytes.
func Memory(pid int) (resident, peak uint64, err error) {
	file := fmt.Sprintf("/proc/%d/status", pid)
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, 0, err
	}
	if resident, err = kilobytes(data, "VmRSS:"); err == nil {
		peak, err = kilobytes(data, "VmHWM:")
	}
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", file, err)
	}
	return resident, peak, nil
}

// Anonymous returns the part of the resident memory that is not of files, in bytes.
func Anonymous(pid int) (uint64, error) {
	file := fmt.Sprintf("/proc/%d/status", pid)
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	anonymous, err := kilobytes(data, "RssAnon:")
	if err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	return anonymous, nil
}

// MachineMemory returns the memory of the machine in bytes.
func MachineMemory() (uint64, error) {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	return kilobytes(data, "MemTotal:")
}

// kilobytes returns the value of a line like "VmRSS:  1024 kB", in bytes.
func kilobytes(data []byte, name string) (uint64, error) {
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == name && fields[2] == "kB" {
			n, err := strconv.ParseUint(fields[1], 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("no line %s", name)
}
