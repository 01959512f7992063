// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package view keeps objects in memory and answers who may see which of them.
//
// A View holds the objects of one resource, and for every subject the grants that it has. A
// list is a map look-up for each subject of the user, and the size of the answer; it never
// scans the cluster. The package knows no Kubernetes kind and nothing of Capsule: its callers
// decide what an object is, which partition it belongs to, and who holds which grant.
//
// The words that it uses, beside those of k8s.io/apiserver:
//
//   - Criterion: a boolean query over the attributes of objects, such as "label pool is a".
//   - term: the simplest query, one exact condition; an inverted index finds the objects that
//     meet it, as in Lucene.
//   - posting: the set of the objects that meet a criterion which somebody holds.
//   - slot: the place of one name in a view, where the entries of its object succeed each other.
//   - holding: a criterion and operations that a subject was granted, however often.
//   - Scope: the criteria that a viewer may list by, as a value to compare.
//   - audience: the watchers of one scope. They are all told the same.
//   - Position: a revision and a scope. A watch resumes at the position of a list or event if
//     the scope of its viewer is the same now.
//   - partial: said of an event after which other events of the same revision follow.
//
// # Why an object can have two resourceVersions
//
// An object that a change of grants reveals has the revision of that change in its event: some
// clients drop events that are not newer than the list that they know. In the next list it has
// the revision of its own latest change, which is lower. The list could show the revision of
// the grant instead, but then an object would have another resourceVersion for each of its
// readers, and could not be encoded once for all who watch it. Informers take the lower number
// for an update when they list again: they compare resourceVersions for equality only (see
// TestInformerTakesALowerResourceVersion in pkg/registry).
package view
