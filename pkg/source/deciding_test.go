// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"testing"
	"testing/synctest"
	"time"
)

// What decides about writes is what the lag of writes is about. Others, whose objects only show
// something, must not stop writes.
func TestWriteLag(t *testing.T) {
	for name, counts := range map[string]bool{
		"tenants": true, "proxysettings": true, "globalproxysettings": true, "capsuleconfigurations": true, "namespaces": true,
		"nodes": false, "rolebindings": false, "clusterroles": false,
	} {
		synctest.Test(t, func(t *testing.T) {
			behind := &Source{name: name}
			s := &Sources{sources: []*Source{{name: "tenants"}, behind, {name: "proxysettings"}}}
			if got := s.WriteLag(); got != 0 {
				t.Errorf("%s: the lag is %v at the beginning", name, got)
			}
			behind.behind()
			time.Sleep(time.Minute)
			if got := s.WriteLag(); got != map[bool]time.Duration{true: time.Minute}[counts] {
				t.Errorf("%s: the lag is %v after a minute without a connection", name, got)
			}
		})
	}
}
