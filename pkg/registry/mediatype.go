// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"net/http"
	"strings"
)

type tableKey struct{}

// WithWantsTable notes in the context of a request whether its client asks for a table.
func WithWantsTable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.Contains(req.Header.Get("Accept"), "as=Table") {
			req = req.WithContext(context.WithValue(req.Context(), tableKey{}, true))
		}
		next.ServeHTTP(w, req)
	})
}

func wantsTable(ctx context.Context) bool {
	wants, _ := ctx.Value(tableKey{}).(bool)
	return wants
}
