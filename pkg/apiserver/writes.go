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
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	restclient "k8s.io/client-go/rest"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/impersonate"
	"capsule.dev/tenantview/pkg/registry"
)

// maxBody is the maximum size of the body of a write. kube-apiserver takes three times as much, and etcd
// one and a half times. Each of a user's requests under way may have one.
const maxBody = 1 << 20

// withWriteRequests tells writes what their handlers do not pass on. It counts large bodies like large
// answers, also those of reviews.
func withWriteRequests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		info, ok := genericapirequest.RequestInfoFrom(req.Context())
		if !ok || !slices.Contains([]string{"create", "update", "patch", "delete"}, info.Verb) {
			next.ServeHTTP(w, req)
			return
		}
		size := req.ContentLength
		if size < 0 || size > maxBody {
			size = maxBody
		}
		if err := registry.Reserve(req.Context(), int(size)); err != nil {
			// Reserve has counted it.
			responsewriters.ErrorNegotiated(err, Codecs, v1alpha1.SchemeGroupVersion, w, req)
			return
		}
		write := registry.WriteRequest{UserAgent: req.UserAgent()}
		if patchTypeOf(req) == types.ApplyYAMLPatchType {
			// A longer body is refused by the handler, which gets all of it.
			read, err := io.ReadAll(io.LimitReader(req.Body, maxBody+1))
			rest := req.Body
			req.Body = body{io.MultiReader(bytes.NewReader(read), failing{err}, rest), rest}
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

// body is a request's body of which a part has been read already.
type body struct {
	io.Reader
	io.Closer
}

// failing is a reader that ends with an error, or without one.
type failing struct{ err error }

// Read implements io.Reader.
func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
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
