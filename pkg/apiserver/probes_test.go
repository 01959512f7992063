// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"strings"
	"testing"
)

// A pod that is not ready must report what it waits for. Meanwhile it must refuse requests instead
// of answering with a part of the objects.
func TestReadyz(t *testing.T) {
	u := newUpstream(t)
	releaseNodes, releaseTenants := u.hold("nodes"), u.hold("tenants")
	defer releaseNodes()
	defer releaseTenants()
	s := newServer(t, u)

	failing := func() string {
		r := s.get(t, "admin", "/readyz?verbose", "")
		var names []string
		for line := range strings.Lines(r.Body) {
			if name, ok := strings.CutPrefix(line, "[-]"); ok {
				names = append(names, strings.Fields(name)[0])
			}
		}
		return strings.Join(names, " ")
	}
	expect := func(what, want string, code int) {
		t.Helper()
		eventually(t, "it "+what, func() bool { return failing() == want })
		if got := s.status("/readyz"); got != code {
			t.Errorf("%s: /readyz answers %d, want %d", what, got, code)
		}
		if got := s.status("/livez"); got != http.StatusOK {
			t.Errorf("%s: /livez answers %d", what, got)
		}
	}
	expect("waits for two sources", "source-nodes source-tenants", http.StatusInternalServerError)
	for _, path := range []string{"/tenantnamespaces", "/tenantnamespaces/solar-a", "/tenantnamespaces/absent"} {
		if r := s.get(t, "alice", group+path, ""); r.Code != http.StatusServiceUnavailable {
			t.Errorf("%s before all sources have been read: code %d: %s", path, r.Code, r.Body)
		}
	}
	releaseNodes()
	expect("waits for one source", "source-tenants", http.StatusInternalServerError)
	releaseTenants()
	expect("is ready", "", http.StatusOK)
	eventually(t, "it answers", func() bool {
		return s.get(t, "alice", group+"/tenantnamespaces/solar-a", "").Code == http.StatusOK
	})
}

// Sources of Capsule resources that are not installed count as read, and empty.
func TestReadyWithoutCapsule(t *testing.T) {
	u := newUpstream(t)
	delete(u.lists, "tenants")
	s := newServer(t, u)
	eventually(t, "it is ready", func() bool { return s.status("/readyz") == http.StatusOK })
	if r := s.get(t, "alice", group+"/tenantnamespaces/solar-a", ""); r.Code != http.StatusNotFound {
		t.Errorf("code %d: %s", r.Code, r.Body)
	}
}

// The server keeps serving what it has read when kube-apiserver goes away.
func TestReadyWithoutConnection(t *testing.T) {
	u := newUpstream(t)
	s := newServer(t, u)
	eventually(t, "it is ready", func() bool { return s.status("/readyz") == http.StatusOK })
	u.away.Store(true)
	u.disconnect()
	eventually(t, "it notices", func() bool {
		for _, source := range s.sources.All() {
			if source.Lag() == 0 {
				return false
			}
		}
		return true
	})
	if got := s.status("/readyz"); got != http.StatusOK {
		t.Errorf("/readyz answers %d", got)
	}
	if r := s.get(t, "alice", group+"/tenantnamespaces/solar-a", ""); r.Code != http.StatusOK {
		t.Errorf("code %d: %s", r.Code, r.Body)
	}
	u.away.Store(false)
	eventually(t, "it recovers", func() bool {
		for _, source := range s.sources.All() {
			if source.Lag() > 0 {
				return false
			}
		}
		return true
	})
}
