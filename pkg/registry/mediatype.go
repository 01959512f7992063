// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"mime"
	"net/http"
	"strings"
)

type formKey struct{}

// form is the form in which a client wants an answer.
type form int

const (
	otherForm form = iota
	// tableForm means that a table is the client's first choice.
	tableForm
	// plainForm means that the client takes objects only as they are, in any encoding.
	plainForm
)

// WithForm notes in the context of a request in which form the client wants the answer.
func WithForm(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if f := formOf(strings.Join(req.Header.Values("Accept"), ",")); f != otherForm {
			req = req.WithContext(context.WithValue(req.Context(), formKey{}, f))
		}
		next.ServeHTTP(w, req)
	})
}

func formOf(accept string) form {
	// Without a parameter "as" nothing is converted. Parameters may have any case.
	if !strings.Contains(strings.ToLower(accept), "as") {
		return plainForm
	}
	first, _, _ := strings.Cut(accept, ",")
	if _, parameters, err := mime.ParseMediaType(first); err == nil && parameters["as"] == "Table" {
		return tableForm
	}
	return otherForm
}

func wantsTable(ctx context.Context) bool { return ctx.Value(formKey{}) == tableForm }

func wantsPlain(ctx context.Context) bool { return ctx.Value(formKey{}) == plainForm }
