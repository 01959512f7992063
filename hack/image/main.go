// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Command image makes the container image of tenantview-apiserver without a container engine: for each
// platform the server's binary and a few files from nothing, as an OCI image layout and as tarballs. Two runs
// with the same commit and version of Go write the same bytes.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

const usage = `usage:
  image build [-root DIR] [-out DIR] [-image REPOSITORY[:TAG]] [-platforms OS/ARCH,...]
  image push  [-root DIR] [-out DIR] [-image REPOSITORY[:TAG]]
  image files [-root DIR] -to DIR [-platforms OS/ARCH]

build writes the image to -out, push sends what build has written to a registry, and files writes the files of
the image to a folder, for a Dockerfile. -root is the repository. The tag is the version without -image :TAG.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// run runs the command of the arguments.
func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("no command\n%s", usage)
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	root := flags.String("root", "../..", "")
	out := flags.String("out", "", "")
	to := flags.String("to", "", "")
	repository := flags.String("image", "ghcr.io/tenantview/tenantview-apiserver", "")
	platforms := flags.String("platforms", "linux/amd64,linux/arm64", "")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q\n%s", flags.Arg(0), usage)
	}
	var err error
	if *root, err = filepath.Abs(*root); err != nil {
		return err
	}
	if *out == "" {
		*out = filepath.Join(*root, "bin", "image")
	}
	info, err := readVersion(ctx, *root)
	if err != nil {
		return err
	}
	ref, err := reference(*repository, info)
	if err != nil {
		return err
	}
	wanted, err := parsePlatforms(*platforms)
	if err != nil {
		return err
	}
	b := builder{root: *root, version: info, ref: ref}
	switch args[0] {
	case "build":
		return b.build(ctx, *out, wanted)
	case "push":
		return push(ctx, *out, ref)
	case "files":
		if *to == "" || len(wanted) != 1 {
			return fmt.Errorf("files needs -to and one of -platforms\n%s", usage)
		}
		return b.writeFiles(ctx, *to, wanted[0])
	}
	return fmt.Errorf("unknown command %q\n%s", args[0], usage)
}
