// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/resourceversion"

	"capsule.dev/tenantview/pkg/registry"
)

// serverID is the ID of the servers in these tests. They write revision 7 as 7000042.
const (
	serverID registry.ServerID = 42
	digits                     = "000042"
)

// revisionOf returns the revision in a resourceVersion that a server has given.
func revisionOf(version string) string {
	revision, ok := strings.CutSuffix(version, digits)
	if !ok || revision == "" {
		return version + ", which is not the server's"
	}
	return revision
}

// Clients compare resourceVersions.
func TestOriginsKeepTheOrder(t *testing.T) {
	for _, o := range []registry.ServerID{0, 1, 42, 999_999} {
		versions := []string{o.Format(1), o.Format(2), o.Format(9), o.Format(10), o.Format(999_999), o.Format(1_000_000), o.Format(9_000_000_000_000)}
		for i := 1; i < len(versions); i++ {
			if order, err := resourceversion.CompareResourceVersion(versions[i-1], versions[i]); err != nil || order >= 0 {
				t.Errorf("%s before %s: %d, %v", versions[i-1], versions[i], order, err)
			}
		}
	}
}
