// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// process records how one of the programs was last started. It is kept in a file, so that a later
// "make up" or "make down" knows what runs and what it may kill.
type process struct {
	PID int `json:"pid"`
	// Identity distinguishes this process from a later one with the same PID; see processIdentity.
	Identity string `json:"identity"`
	// Digest is the digest of the program file when the process was started.
	Digest string   `json:"digest"`
	Path   string   `json:"path"`
	Args   []string `json:"args"`
	// LogOffset is where the output of this process begins in its log file, in bytes.
	LogOffset int64 `json:"logOffset"`
}

// processes starts programs and records them under dir.
type processes struct {
	dir        string
	background bool
}

func (ps processes) recordFile(c Component) string {
	return filepath.Join(ps.dir, "processes", string(c)+".json")
}

func (ps processes) logFile(c Component) string {
	return filepath.Join(ps.dir, "logs", string(c)+".log")
}

// find returns the last recorded process of a component, running or not, or nil if there is none.
func (ps processes) find(c Component) (*process, error) {
	data, err := os.ReadFile(ps.recordFile(c))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	p := &process{}
	if err == nil {
		err = json.Unmarshal(data, p)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the process record of %s: %w", c, err)
	}
	return p, nil
}

// running returns the process of a component if it is alive, else nil.
func (ps processes) running(c Component) (*process, error) {
	p, err := ps.find(c)
	if err != nil || p == nil || !p.alive() {
		return nil, err
	}
	return p, nil
}

// start starts a program with its output appended to the component's log file.
func (ps processes) start(c Component, path string, args []string) (*process, error) {
	digest, err := fileDigest(path)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", c, err)
	}
	log, offset, err := openLog(ps.logFile(c))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ps.dir, log, log
	cmd.SysProcAttr = sysProcAttr(ps.background)
	// The error is not needed: waiting callers notice the end, and the log shows its reason.
	if err := startAndReap(cmd, func(error) {}); err != nil {
		return nil, fmt.Errorf("starting %s: %w", c, err)
	}
	p := &process{PID: cmd.Process.Pid, Digest: digest, Path: path, Args: args, LogOffset: offset}
	if p.Identity, err = processIdentity(p.PID); err != nil {
		return nil, fmt.Errorf("%s ended at once\n%s", c, logTail(ps.logFile(c), offset))
	}
	data, err := json.MarshalIndent(p, "", "  ")
	if err == nil {
		err = writeFile(ps.recordFile(c), append(data, '\n'), 0o644)
	}
	if err != nil {
		// A process without a record could never be stopped again.
		return nil, errors.Join(fmt.Errorf("recording %s: %w", c, err), p.signal(syscall.SIGKILL))
	}
	return p, nil
}

// StartChild starts a command that dies with this process, however this process ends. When the command
// has ended, ended is called with the error of Cmd.Wait.
func StartChild(cmd *exec.Cmd, ended func(error)) error {
	cmd.SysProcAttr = sysProcAttr(false)
	return startAndReap(cmd, ended)
}

// startAndReap starts a command from a thread that lives until the command has ended. The kernel sends
// the parent-death signal when the starting thread ends, not the process, and Go ends idle threads.
func startAndReap(cmd *exec.Cmd, ended func(error)) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended(cmd.Wait())
		}
	}()
	return <-started
}

// is returns whether the process was started from the current content of path with these arguments.
func (p *process) is(path string, args []string) bool {
	if p.Path != path || !slices.Equal(p.Args, args) {
		return false
	}
	digest, err := fileDigest(path)
	return err == nil && digest == p.Digest
}

func (p *process) alive() bool {
	identity, err := processIdentity(p.PID)
	return err == nil && identity == p.Identity
}

// signal sends a signal to exactly this process. It returns os.ErrProcessDone if the process has ended,
// even if another process has its PID now.
func (p *process) signal(sig os.Signal) error {
	// Take the handle before the identity is checked. If the system has process handles, this one cannot
	// refer to another process at the time of the signal.
	handle, err := os.FindProcess(p.PID)
	if err != nil {
		return err
	}
	defer func() { _ = handle.Release() }()
	if !p.alive() {
		return os.ErrProcessDone
	}
	return handle.Signal(sig)
}

// end sends a signal and waits until the process has ended. It returns nil if it has ended already.
func (p *process) end(ctx context.Context, sig os.Signal, timeout time.Duration) error {
	if err := p.signal(sig); errors.Is(err, os.ErrProcessDone) {
		return nil
	} else if err != nil {
		return err
	}
	return poll(ctx, timeout, fmt.Sprintf("the end of process %d after %v", p.PID, sig), func(context.Context) error {
		if p.alive() {
			return errors.New("still running")
		}
		return nil
	})
}

func fileDigest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
