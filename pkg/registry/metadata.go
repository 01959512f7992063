// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Metadata returns the metadata that is served for an upstream object: its name, labels,
// annotations and times, with a uid of its own. Owner references and finalizers are left out,
// because nothing may collect or hold what is only a view. The resourceVersion is the server's.
func Metadata(kind string, upstream *metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name:                       upstream.Name,
		UID:                        derivedUID(kind, upstream.UID),
		Generation:                 upstream.Generation,
		CreationTimestamp:          upstream.CreationTimestamp,
		DeletionTimestamp:          upstream.DeletionTimestamp,
		DeletionGracePeriodSeconds: upstream.DeletionGracePeriodSeconds,
		Labels:                     upstream.Labels,
		Annotations:                upstream.Annotations,
	}
}

// uidSpace is the name space of the derived uids.
var uidSpace = uuid.MustParse("6f1f4c7e-4d5a-5f0b-9d3e-2b7b7f0c8a11")

// derivedUID is stable for an object, and never that of the upstream object: the garbage
// collector, which knows objects by their uid, must not take one for the other.
func derivedUID(kind string, upstream types.UID) types.UID {
	return types.UID(uuid.NewSHA1(uidSpace, []byte(kind+"/"+string(upstream))).String())
}
