// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/pkg/grants"
)

func TestWarnings(t *testing.T) {
	for name, tc := range map[string]struct {
		writes bool
		grants grants.ProxySettingGrants
		warns  bool
	}{
		"no writes":                      {false, grants.ProxySettingGrantsTenant, false},
		"writes, and Tenants decide":     {true, grants.ProxySettingGrantsTenant, true},
		"writes, and owners are a bound": {true, grants.ProxySettingGrantsOwners, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := &Config{Policy: grants.DefaultPolicy()}
			if tc.writes {
				c.Writes = &rest.Config{}
			}
			c.Policy.ProxySettingGrants = tc.grants
			got := c.Warnings()
			if len(got) > 0 != tc.warns {
				t.Errorf("it warns: %q", got)
			}
			for _, w := range got {
				if !strings.Contains(w, "--enable-writes") || !strings.Contains(w, "--proxy-setting-grants=Owners") {
					t.Errorf("%q names no cause or no remedy", w)
				}
			}
		})
	}
}
