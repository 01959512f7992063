// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"maps"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	auditinternal "k8s.io/apiserver/pkg/apis/audit"
	"k8s.io/apiserver/pkg/audit"
	auditpolicy "k8s.io/apiserver/pkg/audit/policy"
	genericapiserver "k8s.io/apiserver/pkg/server"
)

// auditEvents passes the events of completed requests on.
type auditEvents struct {
	auditLog
	events chan *auditinternal.Event
}

func (l auditEvents) ProcessEvents(events ...*auditinternal.Event) bool {
	for _, e := range events {
		if e.Stage == auditinternal.StageResponseComplete {
			l.events <- e.DeepCopy()
		}
	}
	return true
}

// An auditor finds out how much a request has shown, by which right, under which policy. A hidden
// object gives the same annotations as an absent one.
func TestAuditAnnotations(t *testing.T) {
	log := auditEvents{events: make(chan *auditinternal.Event, 100)}
	s := newReadyServer(t, func(c *genericapiserver.Config) {
		c.AuditBackend = audit.Backend(log)
		c.AuditPolicyRuleEvaluator = auditpolicy.NewPolicyRuleEvaluator(&auditinternal.Policy{
			Rules: []auditinternal.PolicyRule{
				{Level: auditinternal.LevelNone, Users: []string{"admin"}},
				{Level: auditinternal.LevelMetadata, Resources: []auditinternal.GroupResources{{Group: "tenantview.capsule.dev"}}},
			},
		})
	})
	annotations := func(objects, nativeRBAC string) map[string]string {
		a := map[string]string{"policy": "default", "native-rbac": nativeRBAC}
		maps.DeleteFunc(a, func(_, value string) bool { return value == "" })
		if objects != "" {
			a["objects"] = objects
		}
		return a
	}
	for name, tc := range map[string]struct {
		user, path string
		want       map[string]string
	}{
		"list by grants":                       {"alice", namespaces, annotations("2", "false")},
		"list with a selector":                 {"alice", namespaces + "?fieldSelector=metadata.name=solar-a", annotations("1", "false")},
		"a page":                               {"alice", namespaces + "?limit=1", annotations("1", "false")},
		"list as a table":                      {"alice", namespaces + "?includeObject=None", annotations("2", "false")},
		"list of nothing":                      {"carol", namespaces, annotations("0", "false")},
		"list by native RBAC":                  {"root", namespaces, annotations("3", "true")},
		"list while reviews fail":              {"alice-unlucky", namespaces, annotations("", "unknown")},
		"get by grants":                        {"alice", namespaces + "/solar-a", annotations("1", "not-asked")},
		"get by native RBAC":                   {"root", namespaces + "/hidden-a", annotations("1", "true")},
		"get of a hidden object":               {"alice", namespaces + "/hidden-a", annotations("0", "false")},
		"get of an absent object":              {"alice", namespaces + "/absent", annotations("0", "false")},
		"get while reviews fail":               {"alice-unlucky", namespaces + "/hidden-a", annotations("", "unknown")},
		"watch":                                {"alice", namespaces + "?watch=1&timeoutSeconds=1", annotations("", "false")},
		"watch by native RBAC":                 {"root", namespaces + "?watch=1&timeoutSeconds=1", annotations("", "true")},
		"request that authorization refuses":   {"mallory", namespaces, map[string]string{}},
		"request with an unknown revision":     {"alice", namespaces + "?resourceVersion=7777777&resourceVersionMatch=Exact", annotations("", "")},
		"request for what there is no handler": {"alice", group + "/nothing", map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			s.get(t, tc.user, tc.path, "")
			requireAnnotations(t, log.events, tc.want)
		})
	}
	// A review asks what several requests would ask, and that of an administrator asks for another user.
	// Neither is what its own request was shown.
	t.Run("review of a user's own", func(t *testing.T) {
		askWhy(t, s, "alice", "SelfTenantViewReview", "solar-a", "", "", "")
		requireAnnotations(t, log.events, annotations("", ""))
	})
	t.Run("review about another user", func(t *testing.T) {
		askWhy(t, s, "administrator", "TenantViewReview", "hidden-a", `,"user":"root"`, "", "")
		requireAnnotations(t, log.events, annotations("", ""))
	})
}

// A policy may have answers logged. A list that is put together from its items is logged like any other.
func TestAuditOfAnswers(t *testing.T) {
	log := auditEvents{events: make(chan *auditinternal.Event, 100)}
	s := newReadyServer(t, func(c *genericapiserver.Config) {
		c.AuditBackend = audit.Backend(log)
		c.AuditPolicyRuleEvaluator = auditpolicy.NewPolicyRuleEvaluator(&auditinternal.Policy{
			OmitManagedFields: true,
			Rules: []auditinternal.PolicyRule{
				{Level: auditinternal.LevelNone, Users: []string{"admin"}},
				{Level: auditinternal.LevelRequestResponse, Resources: []auditinternal.GroupResources{{Group: "tenantview.capsule.dev"}}},
			},
		})
	})
	for _, user := range []string{"alice", "carol"} {
		answer := s.get(t, user, namespaces, "application/json")
		select {
		case e := <-log.events:
			if e.ResponseObject == nil {
				t.Fatalf("the answer to %s is not logged", user)
			}
			if diff := gocmp.Diff(answer.Body, string(e.ResponseObject.Raw)); diff != "" {
				t.Errorf("answer to %s (-sent +logged):\n%s", user, diff)
			}
		case <-time.After(time.Minute):
			t.Fatal("no event")
		}
	}
}

// requireAnnotations compares the annotations of the next event with want.
func requireAnnotations(t *testing.T, events <-chan *auditinternal.Event, want map[string]string) {
	t.Helper()
	select {
	case e := <-events:
		got := map[string]string{}
		for key, value := range e.Annotations {
			if key, ok := strings.CutPrefix(key, "tenantview.capsule.dev/"); ok {
				got[key] = value
			}
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("annotations of %s (-want +got):\n%s", e.RequestURI, diff)
		}
	case <-time.After(time.Minute):
		t.Fatal("no event")
	}
}
