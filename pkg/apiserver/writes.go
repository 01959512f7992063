// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	restclient "k8s.io/client-go/rest"

	"capsule.dev/tenantview/pkg/impersonate"
	"capsule.dev/tenantview/pkg/registry"
)

// withWriteRequests tells writes what their handlers do not pass on.
func withWriteRequests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		info, ok := genericapirequest.RequestInfoFrom(req.Context())
		if !ok || !slices.Contains([]string{"update", "patch", "delete"}, info.Verb) {
			next.ServeHTTP(w, req)
			return
		}
		write := registry.WriteRequest{UserAgent: req.UserAgent()}
		if patchTypeOf(req) == types.ApplyYAMLPatchType {
			// withSmallBodies has read it before.
			read, err := io.ReadAll(req.Body)
			req.Body = body{io.MultiReader(bytes.NewReader(read), failing{err}), req.Body}
			write.Configuration = read
			if values, ok := req.URL.Query()["force"]; ok {
				// As PatchOptions are decoded (k8s.io/apimachinery/pkg/apis/meta/v1). It cannot fail.
				_ = runtime.Convert_Slice_string_To_Pointer_bool(&values, &write.Force, nil)
			}
		}
		next.ServeHTTP(w, req.WithContext(registry.WithWriteRequest(req.Context(), write)))
	})
}

// patchTypeOf returns what a request's body is, exactly as the handler of patches finds it out
// (k8s.io/apiserver/pkg/endpoints/handlers, PatchResource). A body of server-side apply must be one for
// both.
func patchTypeOf(req *http.Request) types.PatchType {
	contentType := req.Header.Get("Content-Type")
	if at := strings.Index(contentType, ";"); at > 0 {
		contentType = contentType[:at]
	}
	return types.PatchType(contentType)
}

// writing holds the clients that change upstream objects.
type writing struct {
	client *impersonate.Client
	reader *impersonate.MetadataReader
}

// newWriting returns the clients for the kinds that can be written.
func newWriting(config *restclient.Config, all []*registry.Kind) (*writing, error) {
	var groups []schema.GroupVersion
	for _, kind := range all {
		if gv := kind.Upstream.GroupVersion(); kind.Writable() && !slices.Contains(groups, gv) {
			groups = append(groups, gv)
		}
	}
	client, err := impersonate.NewClient(config, groups...)
	if err != nil {
		return nil, fmt.Errorf("--enable-writes: %w", err)
	}
	reader, err := impersonate.NewMetadataReader(config)
	if err != nil {
		return nil, fmt.Errorf("--enable-writes: %w", err)
	}
	return &writing{client, reader}, nil
}
