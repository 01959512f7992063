// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"mime"
	"net/http"
	"strings"
)

type tableKey struct{}

// WithWantsTable notes in the context of a request whether a table is the client's first choice.
func WithWantsTable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		first, _, _ := strings.Cut(req.Header.Get("Accept"), ",")
		if _, parameters, err := mime.ParseMediaType(first); err == nil && parameters["as"] == "Table" {
			req = req.WithContext(context.WithValue(req.Context(), tableKey{}, true))
		}
		next.ServeHTTP(w, req)
	})
}

func wantsTable(ctx context.Context) bool {
	wants, _ := ctx.Value(tableKey{}).(bool)
	return wants
}
