// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package view keeps objects in memory and decides which of them each viewer may see.
//
// A View holds the objects of one resource, and the grants of every subject. A list costs a map
// look-up for each subject of the user, plus the size of the result. It never scans the cluster.
// The package does not know Kubernetes kinds or Capsule: its callers decide what an object is,
// which partition it belongs to, and which subject holds which grant.
//
// It uses these terms in addition to those of k8s.io/apiserver:
//
//   - partition: what an object belongs to as a whole; callers use it for its Tenant.
//   - version: a resourceVersion of the source. revision: the view's own clock, which also rises
//     with changes of grants.
//   - Criterion: a boolean query over the attributes of objects, such as "label pool is a".
//   - term: the simplest query, one exact condition. An inverted index finds the objects that
//     meet it, as in Lucene.
//   - posting: the set of objects that meet a criterion which some subject holds.
//   - cause: the resourceVersion of the source's event that a transaction is about. effect: what it
//     does to objects other than that of the event.
//   - slot: the place of one name in a view. The entries of its object succeed each other there.
//   - holding: a criterion and operations that a subject was granted, once or several times.
//   - Scope: the criteria that a viewer may list by, as a comparable value.
//   - audience: the watchers of one scope. They all receive the same events.
//   - Position: a revision and a scope. A watch resumes at the position of a list or event if
//     its viewer still has that scope.
//   - partial: an event is partial if other events of the same revision follow.
//
// # For readers of k8s.io/apiserver's cacher
//
// The history is the watch cache's ring buffer. A Watcher is a cacheWatcher, and its queue is the
// input channel, which drops what has been hidden since. WaitForVersion is
// waitUntilFreshAndBlock. Audiences, postings and scopes have no counterpart: they replace
// filtering every event for every watcher.
//
// # Why an object can have two resourceVersions
//
// If a change of grants reveals an object, its event has the revision of that change, because some
// clients drop events that are not newer than their list. In the next list, the object has the
// revision of its own latest change, which is lower. The list could show the revision of the grant
// instead. But then an object would have a different resourceVersion for each of its readers, and
// could not be encoded once for all watches. When informers list again, they treat the lower number
// as an update: they compare resourceVersions only for equality (see
// TestInformerTakesALowerResourceVersion in pkg/registry).
package view
