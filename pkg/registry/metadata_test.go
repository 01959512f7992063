// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/types"
)

// Clients and garbage collectors remember uids, so a new version must derive the same ones.
func TestDerivedUIDIsAUUIDOfVersion5(t *testing.T) {
	for _, upstream := range []string{"", "0b2f7a54-1c5e-4c3f-9d0a-6c1f2e3d4b5a", strings.Repeat("long", 100)} {
		want := types.UID(uuid.NewSHA1(uidSpace, []byte("TenantNode/"+upstream)).String())
		if got := derivedUID("TenantNode", types.UID(upstream)); got != want {
			t.Errorf("of %q: %s, want %s", upstream, got, want)
		}
	}
}
