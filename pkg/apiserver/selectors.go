// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
)

// withSmallSelectors refuses requests whose selectors are larger than those of rules may be, before
// the server parses them. A list compares each requirement with every object, and a watch keeps its
// selectors as long as it runs. The limit on URIs also bounds the length of selectors.
func withSmallSelectors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.RawQuery != "" {
			query := req.URL.Query()
			for parameter, sizeOf := range selectorSizes {
				for _, selector := range query[parameter] {
					if n := sizeOf(selector); n.requirements > grants.MaxRequirements || n.values > grants.MaxValues {
						refuse(w, req, registry.RefusedSelector, apierrors.NewBadRequest(fmt.Sprintf("%s has %d requirements with %d values; at most %d and %d are allowed",
							parameter, n.requirements, n.values, grants.MaxRequirements, grants.MaxValues)))
						return
					}
				}
			}
		}
		next.ServeHTTP(w, req)
	})
}

// selectorSize is how many requirements a selector has, and how many values they list.
type selectorSize struct{ requirements, values int }

// selectorSizes maps the parameters that hold selectors to functions that return a selector's size.
var selectorSizes = map[string]func(string) selectorSize{
	"labelSelector": sizeOfLabelSelector,
	"fieldSelector": sizeOfFieldSelector,
}

// sizeOfLabelSelector counts what labels.Parse would find, in one pass and without allocating. For
// an invalid selector, it returns some size.
func sizeOfLabelSelector(selector string) selectorSize {
	if selector == "" {
		return selectorSize{}
	}
	n := selectorSize{requirements: 1}
	inSet := false
	var last byte
	for i := range len(selector) {
		switch c := selector[i]; c {
		case '(':
			inSet = true
			n.values++
		case ')':
			inSet = false
		case ',':
			if inSet {
				n.values++
			} else {
				n.requirements++
			}
		case '=', '<', '>':
			if last != '=' { // the first character of ==
				n.values++
			}
		}
		last = selector[i]
	}
	return n
}

// sizeOfFieldSelector does the same for fields.ParseSelector, whose requirements have one value.
func sizeOfFieldSelector(selector string) selectorSize {
	if selector == "" {
		return selectorSize{}
	}
	n := 1
	for i := 0; i < len(selector); i++ {
		switch selector[i] {
		case '\\':
			i++ // skip the escaped character
		case ',':
			n++
		}
	}
	return selectorSize{requirements: n, values: n}
}
