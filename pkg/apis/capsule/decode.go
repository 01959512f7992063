// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package capsule

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Decode reads an object of a dynamic client into one of the types of this package. It
// fails when a field that matters has a value of another type; it does not change u, and
// the result shares nothing with it that is ever changed.
func Decode[T any](u *unstructured.Unstructured) (*T, error) {
	into := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, into); err != nil {
		return nil, fmt.Errorf("decoding %s: %w", u.GetKind(), err)
	}
	return into, nil
}
