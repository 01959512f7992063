// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import "testing"

func TestParseStat(t *testing.T) {
	const before, after = " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 ", " 0 4711 20 21"
	for name, c := range map[string]struct {
		stat, started string
		ended, fails  bool
	}{
		"plain":                    {stat: "7 (etcd) S" + before + "9" + after, started: "4711"},
		"parentheses and spaces":   {stat: "7 (a ) Z 1 (b) S" + before + "9" + after, started: "4711"},
		"zombie":                   {stat: "7 (etcd) Z" + before + "1" + after, started: "4711", ended: true},
		"zombie with live threads": {stat: "7 (etcd) Z" + before + "3" + after, started: "4711"},
		"cut off":                  {stat: "7 (etcd) S 1 2", fails: true},
		"empty":                    {stat: "", fails: true},
		"without a program's name": {stat: "7 etcd S", fails: true},
	} {
		ended, started, err := parseStat([]byte(c.stat))
		if ended != c.ended || started != c.started || (err != nil) != c.fails {
			t.Errorf("%s: got %v, %q, %v", name, ended, started, err)
		}
	}
}
