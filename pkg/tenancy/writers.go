// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package tenancy

import (
	"slices"

	"capsule.dev/tenantview/pkg/apis/capsule"
	"capsule.dev/tenantview/pkg/view"
)

// writes are the operations that change objects.
const writes = view.OpUpdate | view.OpDelete

// revokeWrites takes Update and Delete away from the subjects to whom a ProxySetting has given them. It
// is called when the setting changes or goes while the changes of its Tenant's settings are put off:
// what somebody may write must not outlive the grant. What the settings give now comes in its turn, and
// nobody stops seeing something in between. So the settings that are rewritten in a loop are still
// worked out at the same pace: there is nothing to take away twice.
func (c *Cluster) revokeWrites(tx *view.Tx, s *setting) {
	if s.tenant == "" || c.pace.wait(s.tenant, c.now()) == 0 {
		return
	}
	writers := writersOf(s.ProxySetting)
	if len(writers) == 0 {
		return
	}
	held := c.held[origin{source: settingSource, name: s.tenant}]
	for i := range held {
		v := c.views[held[i].Resource]
		if v == nil || held[i].Grant.Operations&writes == 0 || !writers[held[i].Subject] {
			continue
		}
		without := held[i].Grant
		without.Operations &^= writes
		tx.Grant(v, held[i].Subject, without)
		tx.Revoke(v, held[i].Subject, held[i].Grant)
		held[i].Grant = without
	}
}

// writersOf returns the subjects for which a ProxySetting lists Update or Delete.
func writersOf(s *capsule.ProxySetting) map[view.Subject]bool {
	var writers map[view.Subject]bool
	for i := range s.Spec.Subjects {
		entry := &s.Spec.Subjects[i]
		if slices.ContainsFunc(entry.ProxySettings, func(o capsule.ProxyOperations) bool { return anyWrite(o.Operations) }) ||
			slices.ContainsFunc(entry.ClusterResources, func(r capsule.ClusterResource) bool { return anyWrite(r.Operations) }) {
			if writers == nil {
				writers = make(map[view.Subject]bool)
			}
			writers[view.Subject{Group: entry.Kind == capsule.GroupKind, Name: entry.Name}] = true
		}
	}
	return writers
}

func anyWrite(operations []string) bool {
	return slices.Contains(operations, capsule.UpdateOperation) || slices.Contains(operations, capsule.DeleteOperation)
}
