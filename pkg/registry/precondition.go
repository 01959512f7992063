// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"fmt"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/view"
)

// checkPreconditions returns a conflict unless e is the object of a uid and a resourceVersion that this
// server has given. An empty one, or the resourceVersion 0, fits every object.
//
// The object of an event can have a higher resourceVersion than the entry: that of the change of grants
// that revealed it. So a resourceVersion fits if the object has not changed since.
func (w *WritableREST) checkPreconditions(e *view.Entry, uid types.UID, resourceVersion string) error {
	resource := v1alpha1.Resource(w.kind.Resource)
	if ours := w.uidOf(e); uid != "" && uid != ours {
		return apierrors.NewConflict(resource, e.Name, fmt.Errorf("Precondition failed: UID in precondition: %v, UID in object meta: %v", uid, ours)) //nolint:staticcheck // the message of kube-apiserver
	}
	version, err := versioner.ParseResourceVersion(resourceVersion)
	if err != nil {
		return apierrors.NewBadRequest(fmt.Sprintf("metadata.resourceVersion: %v", err))
	}
	if version == 0 {
		return nil
	}
	by, revision := w.whoGave(version)
	if by == anotherServer {
		return apierrors.NewConflict(resource, e.Name, fmt.Errorf(
			"the resourceVersion %d was given by another replica of the server, or before a restart; get the object again", version))
	}
	if by != thisServer || revision < e.Revision || revision > w.view.Revision() {
		return apierrors.NewConflict(resource, e.Name, fmt.Errorf("%s", modified))
	}
	return nil
}

// uidOf returns the uid that is served for an entry.
func (w *WritableREST) uidOf(e *view.Entry) types.UID {
	return derivedUID(w.kind.Name, upstreamUID(e))
}

func upstreamUID(e *view.Entry) types.UID {
	return upstreamMetadata(e).UID
}

// identifying returns the metadata of a patch that fits only the object of an entry, as it was then.
func identifying(e *view.Entry) map[string]any {
	return map[string]any{"uid": string(upstreamUID(e)), "resourceVersion": strconv.FormatUint(e.Version, 10)}
}
