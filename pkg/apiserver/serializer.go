// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"mime"
	"net/http"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
)

// withMetadataInProtobuf has requests for the kinds of the API group, which have no protobuf,
// ask for it only where they want no more than metadata of them: as PartialObjectMetadata.
// Clients that ask for protobuf first get their next choice, as they do for custom resources.
func withMetadataInProtobuf(next http.Handler) http.Handler {
	kinds := "/apis/" + v1alpha1.SchemeGroupVersion.String() + "/"
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if accept := req.Header.Get("Accept"); strings.Contains(accept, runtime.ContentTypeProtobuf) && strings.HasPrefix(req.URL.Path, kinds) {
			req = req.Clone(req.Context())
			req.Header.Set("Accept", withoutProtobuf(accept))
		}
		next.ServeHTTP(w, req)
	})
}

// withoutProtobuf leaves out the clauses of an Accept header that no kind can meet.
func withoutProtobuf(accept string) string {
	var kept []string
	for clause := range strings.SplitSeq(accept, ",") {
		mediaType, parameters, err := mime.ParseMediaType(clause)
		if err == nil && mediaType == runtime.ContentTypeProtobuf && !strings.HasPrefix(parameters["as"], "PartialObjectMetadata") {
			continue
		}
		kept = append(kept, clause)
	}
	if len(kept) == 0 {
		// Without any clause everything would be accepted. No conversion of this name exists.
		return runtime.ContentTypeProtobuf + ";as=Object"
	}
	return strings.Join(kept, ",")
}
