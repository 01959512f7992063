// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"bufio"
	"encoding/json"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/internal/syncbuffer"
)

// observation is a line of a program's output.
type observation struct {
	Observer, Type, Name string
}

// program is a running client, with its observations.
type program struct {
	stderr syncbuffer.Buffer

	mu sync.Mutex
	// events are the observed events by observer, each as its type and name. found is what a reconciler has
	// found last, by observer and name.
	events map[string][]string
	found  map[string]map[string]bool
	failed error
}

// start starts a program, which ends with the test.
func start(t *testing.T, kubeconfig string, command ...string) *program {
	t.Helper()
	p := &program{events: make(map[string][]string), found: make(map[string]map[string]bool)}
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	cmd.Stderr = &p.stderr
	cmd.WaitDelay = 5 * time.Second
	stdout, output := io.Pipe()
	cmd.Stdout = output
	err := controlplane.StartChild(cmd, func(err error) {
		p.fail(err)
		output.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.read(stdout)
	}()
	t.Cleanup(func() {
		<-read // the program has ended with the test's context
		if t.Failed() {
			t.Logf("%v said:\n%s", command, p.stderr.String())
		}
	})
	return p
}

func (p *program) read(stdout io.Reader) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		var o observation
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			p.fail(err)
			continue
		}
		p.add(o)
	}
}

func (p *program) add(o observation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch o.Type {
	case "FOUND", "MISSED":
		if p.found[o.Observer] == nil {
			p.found[o.Observer] = make(map[string]bool)
		}
		p.found[o.Observer][o.Name] = o.Type == "FOUND"
	default:
		p.events[o.Observer] = append(p.events[o.Observer], o.Type+" "+o.Name)
	}
}

func (p *program) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil {
		p.failed = err
	}
}

// observed returns the events of an observer, and the error with which the program has ended, if it has.
func (p *program) observed(observer string) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.events[observer]), p.failed
}

// reconciled returns the names that a reconciler has found last, and whether the observer has one.
func (p *program) reconciled(observer string) ([]string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	found, ok := p.found[observer]
	names := maps.Clone(found)
	maps.DeleteFunc(names, func(_ string, present bool) bool { return !present })
	return slices.Sorted(maps.Keys(names)), ok
}
