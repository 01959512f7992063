// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/registry"
)

const (
	// maxBody is the maximum size of the body of an update or patch. kube-apiserver takes three times as
	// much, and etcd one and a half times.
	maxBody = 1 << 20
	// maxSmallBody is that of a review and of the options of a deletion. Both take about one kilobyte.
	maxSmallBody = 64 << 10
	// bodyGrowth is how many times its size the body takes in memory while a request is decoded, at most:
	// three bytes of JSON make an element of a few hundred.
	bodyGrowth = 200
)

// withSmallBodies bounds the memory that the body of a request can take. Handlers decode a body before
// they look for a grant, so this is what protects the server from users who have none.
//
// It refuses YAML, except for server-side apply, which has no other media type, and aliases in that:
// the decoder of sigs.k8s.io/yaml copies what an alias stands for, so 150 KB can become gigabytes.
// kubectl and client-go send JSON.
func withSmallBodies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		info, ok := genericapirequest.RequestInfoFrom(req.Context())
		if !ok || !slices.Contains([]string{"create", "update", "patch", "delete", "deletecollection"}, info.Verb) {
			next.ServeHTTP(w, req)
			return
		}
		limit := maxBody
		if info.Verb != "update" && info.Verb != "patch" {
			limit = maxSmallBody
		}
		refuse := func(err error) {
			responsewriters.ErrorNegotiated(err, Codecs, v1alpha1.SchemeGroupVersion, w, req)
		}
		mediaType := patchTypeOf(req)
		isApply := mediaType == types.ApplyYAMLPatchType
		if strings.Contains(strings.ToLower(string(mediaType)), "yaml") && !isApply {
			refuse(unsupportedYAML())
			return
		}
		if req.ContentLength > int64(limit) {
			refuse(tooLarge(limit))
			return
		}
		size := int(req.ContentLength)
		if size < 0 {
			size = limit // it is not known yet
		}
		// This counts the refusal.
		if err := registry.Reserve(req.Context(), size*bodyGrowth); err != nil {
			refuse(err)
			return
		}
		read, err := io.ReadAll(io.LimitReader(req.Body, int64(limit)+1))
		if len(read) > limit {
			refuse(tooLarge(limit))
			return
		}
		if isApply && err == nil {
			if err := checkAliases(read); err != nil {
				refuse(apierrors.NewBadRequest(err.Error()))
				return
			}
		}
		req.Body = body{io.MultiReader(bytes.NewReader(read), failing{err}), req.Body}
		next.ServeHTTP(w, req)
	})
}

// checkAliases returns an error if a body is neither JSON nor YAML without aliases.
func checkAliases(data []byte) error {
	if json.Valid(data) {
		return nil
	}
	for documents := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var document yaml.Node
		switch err := documents.Decode(&document); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("the configuration is neither JSON nor YAML: %w", err)
		case hasAlias(&document):
			return errors.New("the configuration has a YAML alias, which is not supported: write out what it stands for")
		}
	}
}

func hasAlias(node *yaml.Node) bool {
	return node.Kind == yaml.AliasNode || slices.ContainsFunc(node.Content, hasAlias)
}

func tooLarge(limit int) error {
	return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("the body may have at most %d bytes", limit))
}

func unsupportedYAML() error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status:  metav1.StatusFailure,
		Code:    http.StatusUnsupportedMediaType,
		Reason:  metav1.StatusReasonUnsupportedMediaType,
		Message: "the body is YAML, which is supported for server-side apply only: send application/json",
	}}
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
