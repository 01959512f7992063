// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package proc

import (
	"os"
	"testing"
	"time"
)

// A program whose figures are known well enough: this one.
func TestThisProcess(t *testing.T) {
	pid := os.Getpid()
	age, err := Age(pid)
	if err != nil || age < 0 || age > time.Hour {
		t.Errorf("age %v, %v", age, err)
	}
	before, err := CPU(pid)
	if err != nil {
		t.Fatal(err)
	}
	for after := before; after-before < 3*tick; {
		if after, err = CPU(pid); err != nil {
			t.Fatal(err)
		}
	}
	resident, peak, err := Memory(pid)
	if err != nil || resident < 1<<20 || peak < resident {
		t.Errorf("resident %d, peak %d, %v", resident, peak, err)
	}
	if anonymous, err := Anonymous(pid); err != nil || anonymous < 1<<20 || anonymous > peak {
		t.Errorf("%d bytes are anonymous, peak %d, %v", anonymous, peak, err)
	}
	if total, err := MachineMemory(); err != nil || total < resident {
		t.Errorf("the machine has %d bytes, %v", total, err)
	}
}

func TestKilobytes(t *testing.T) {
	data := []byte("VmHWM:\t  20 kB\nVmRSS:\t  12 kB\nThreads:\t3\n")
	if n, err := kilobytes(data, "VmRSS:"); n != 12<<10 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	for _, name := range []string{"VmSwap:", "Threads:"} {
		if n, err := kilobytes(data, name); err == nil {
			t.Errorf("%s is %d", name, n)
		}
	}
}
