// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// goBuild is one run of "go build".
type goBuild struct {
	// name says what is built, for people.
	name, dir, output string
	packages          []string
	// flags are those of the build that are not about its output, env is added to the environment.
	flags, env []string
}

// run downloads and compiles what is missing and returns how many packages it compiled. An error names the
// step that failed, has what the go command said, and says that repeating the command continues.
func (g *goBuild) run(ctx context.Context, report Report) (compiled int, err error) {
	status := Status{Name: g.name}
	tell := func() {
		if report != nil {
			report(status)
		}
	}
	tell()
	stale := map[string]bool{}
	if report != nil {
		if stale, err = g.stale(ctx, &status, tell); err != nil {
			return 0, err
		}
	}
	status.Total, status.Step, status.Current = len(stale), Compiling, ""
	if status.Total == 0 {
		status.Step = Linking
	}
	tell()
	args := append([]string{"build", "-v", "-o", g.output}, g.flags...)
	cmd := g.command(ctx, append(args, g.packages...)...)
	err = g.watch(ctx, cmd, func(line string) bool {
		if module, ok := strings.CutPrefix(line, downloading); ok {
			status.Step, status.Current = Downloading, module
			status.Downloads++
			tell()
			return true
		}
		// With -v, a package is named when its compilation begins. Everything else is a message.
		if strings.ContainsAny(line, " \t:") || line == "" {
			return false
		}
		compiled++
		status.Step, status.Current = Compiling, line
		if stale[line] {
			status.Compiled++
		}
		if status.Compiled == status.Total {
			status.Step = Linking
		}
		tell()
		return true
	})
	return compiled, err
}

// stale returns the packages that have to be compiled, without the main packages: whether a program needs
// to be linked is not known before its packages are compiled. It downloads the modules that are missing,
// and sets status.Cached.
func (g *goBuild) stale(ctx context.Context, status *Status, tell func()) (map[string]bool, error) {
	const format = `{{if ne .Name "main"}}{{.ImportPath}} {{.Stale}}{{end}}`
	args := append([]string{"list", "-deps", "-f", format}, g.flags...)
	cmd := g.command(ctx, append(args, g.packages...)...)
	var out bytes.Buffer
	cmd.Stdout = &out
	err := g.watch(ctx, cmd, func(line string) bool {
		module, ok := strings.CutPrefix(line, downloading)
		if ok {
			status.Step, status.Current = Downloading, module
			status.Downloads++
			tell()
		}
		return ok
	})
	if err != nil {
		return nil, err
	}
	stale := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		switch pkg, is, _ := strings.Cut(strings.TrimSpace(line), " "); {
		case is == "true":
			stale[pkg] = true
		case pkg != "":
			status.Cached++
		}
	}
	return stale, nil
}

// downloading begins the lines in which the go command says which module it downloads.
const downloading = "go: downloading "

// watch runs a go command and gives each line of its standard error to progress. Those that progress does
// not take are messages and become part of the error if the command fails.
func (g *goBuild) watch(ctx context.Context, cmd *exec.Cmd, progress func(line string) bool) error {
	doing := fmt.Sprintf("building %s: go %s", g.name, cmd.Args[1])
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	var messages []string
	last := ""
	lines := bufio.NewReader(stderr)
	for {
		line, rerr := lines.ReadString('\n')
		if text := strings.TrimRight(line, "\r\n"); text != "" {
			if progress(text) {
				last = text
			} else {
				messages = append(messages, text)
			}
		}
		if rerr != nil {
			break
		}
	}
	err = cmd.Wait()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = errInterrupted
	}
	// The first messages are the cause; without a network there is one for each import.
	if more := len(messages) - maxMessages; more > 0 {
		messages = append(messages[:maxMessages], fmt.Sprintf("(and %d more lines)", more))
	}
	if last != "" {
		messages = append(messages, "(the last step was: "+last+")")
	}
	messages = append(messages, toContinue)
	return fmt.Errorf("%s in %s: %w\n%s", doing, g.dir, err, strings.Join(messages, "\n"))
}

// maxMessages is how many lines of the go command an error shows.
const maxMessages = 40

var errInterrupted = errors.New("interrupted")

// toContinue is true because the go command keeps every module and every package as soon as it has it.
const toContinue = "Repeat the command to continue: what has been downloaded and compiled is kept."

func (g *goBuild) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := goCommand(ctx, g.dir, args...)
	cmd.Env = append(append(cmd.Env, compilerMemory()...), g.env...)
	return cmd
}

func goCommand(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	// A workspace would override the pinned versions.
	cmd.Env = append(os.Environ(), "GOWORK=off")
	// When it is interrupted, the go command removes its temporary files, which are large.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// compilerMemory returns settings that let a compiler or linker collect garbage only when it has 1 GiB: most
// never do, which saves a seventh of the CPU time. The setting of the user comes first.
func compilerMemory() []string {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return nil
	}
	return []string{"GOGC=off", "GOMEMLIMIT=1GiB"}
}

// commandError adds the command's standard error to an error of Cmd.Output.
func commandError(err error) error {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
	}
	return err
}
