// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	restclient "k8s.io/client-go/rest"

	"capsule.dev/tenantview/pkg/impersonate"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/source"
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
		if mediaType, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err == nil && types.PatchType(mediaType) == types.ApplyYAMLPatchType {
			// withSmallBodies has read it before.
			read, err := io.ReadAll(req.Body)
			req.Body = body{io.MultiReader(bytes.NewReader(read), failing{err}), req.Body}
			write.Configuration = read
			if force, err := strconv.ParseBool(req.URL.Query().Get("force")); err == nil {
				write.Force = &force
			}
		}
		next.ServeHTTP(w, req.WithContext(registry.WithWriteRequest(req.Context(), write)))
	})
}

// writing holds the clients that change upstream objects.
type writing struct {
	client *impersonate.Client
	reader *source.MetadataReader
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
	reader, err := source.NewMetadataReader(config)
	if err != nil {
		return nil, fmt.Errorf("--enable-writes: %w", err)
	}
	return &writing{client, reader}, nil
}
