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

// withMetadataInProtobuf removes protobuf from the Accept header of requests for the API group,
// except where they ask for PartialObjectMetadata: the kinds of the group have no protobuf, but
// their metadata has. Clients that prefer protobuf get their next choice, as for custom resources.
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

// withoutProtobuf removes the clauses of an Accept header that no kind can satisfy.
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
		// An empty header would accept everything. No conversion with this name exists.
		return runtime.ContentTypeProtobuf + ";as=Object"
	}
	return strings.Join(kept, ",")
}
