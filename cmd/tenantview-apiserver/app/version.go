// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"cmp"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/pflag"

	"capsule.dev/tenantview/pkg/version"
)

// versionFlag is --version as k8s.io/component-base/version/verflag has it, but for tenantview: that one
// shows, and with --version=vX.Y.Z sets, the version of Kubernetes.
type versionFlag string

const (
	versionHidden versionFlag = "false"
	versionShown  versionFlag = "true"
	versionRaw    versionFlag = "raw"
)

func (f *versionFlag) addTo(flags *pflag.FlagSet) {
	*f = versionHidden
	flags.Var(f, "version", "--version prints the version, --version=raw all that is known of it; then exit.")
	flags.Lookup("version").NoOptDefVal = string(versionShown)
}

// Set parses a boolean or raw.
func (f *versionFlag) Set(value string) error {
	if value == string(versionRaw) {
		*f = versionRaw
		return nil
	}
	shown, err := strconv.ParseBool(value)
	if err != nil {
		return fmt.Errorf("must be true, false or raw")
	}
	*f = versionFlag(strconv.FormatBool(shown))
	return nil
}

func (f *versionFlag) String() string { return string(*f) }

// Type is what the help shows for the value.
func (*versionFlag) Type() string { return "version" }

// print prints the version if the flag asks for it, and returns whether it does.
func (f *versionFlag) print(out io.Writer) (bool, error) {
	info := version.Get()
	switch *f {
	case versionRaw:
		_, err := fmt.Fprintf(out, "%#v\n", info)
		return true, err
	case versionShown:
		_, err := fmt.Fprintf(out, "tenantview-apiserver %s (commit %s, %s, %s)\n", info.GitVersion,
			cmp.Or(info.GitCommit, "unknown"), cmp.Or(info.GitTreeState, "unknown"), cmp.Or(info.BuildDate, "date unknown"))
		return true, err
	}
	return false, nil
}
