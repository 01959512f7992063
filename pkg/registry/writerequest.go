// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"strings"
	"unicode"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/validation"
)

// WriteRequest is what a write needs to know of its HTTP request, besides what the handlers of
// k8s.io/apiserver pass on.
type WriteRequest struct {
	// UserAgent names the field manager if no option does.
	UserAgent string
	// Configuration is the body of server-side apply, in YAML or JSON. Force is its option.
	Configuration []byte
	Force         *bool
}

type writeRequestKey struct{}

// WithWriteRequest returns the context of a write.
func WithWriteRequest(ctx context.Context, r WriteRequest) context.Context {
	return context.WithValue(ctx, writeRequestKey{}, r)
}

// WriteRequestOf returns the write of a context, or the zero value.
func WriteRequestOf(ctx context.Context) WriteRequest {
	r, _ := ctx.Value(writeRequestKey{}).(WriteRequest)
	return r
}

// fieldManager returns the field manager of a write. kube-apiserver would see this server as the client,
// so the default must come from here. It is that of k8s.io/apiserver/pkg/endpoints/handlers,
// managerOrUserAgent.
func (r WriteRequest) fieldManager(options *metav1.UpdateOptions) string {
	if options.FieldManager != "" {
		return options.FieldManager
	}
	manager, _, _ := strings.Cut(r.UserAgent, "/")
	kept := strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, manager)
	for len(kept) > validation.FieldManagerMaxLength {
		kept = kept[:len(kept)-1]
	}
	return strings.ToValidUTF8(kept, "")
}
