// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package capsule

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Decode converts an object of a dynamic client to one of the types of this package. It fails if a
// relevant field has a value of another type. It does not change u, and the result shares no mutable
// data with u.
func Decode[T any](u *unstructured.Unstructured) (*T, error) {
	into := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, into); err != nil {
		if field := misfit[T](u); field != "" {
			err = fmt.Errorf("%s: %w", field, err)
		}
		return nil, fmt.Errorf("decoding %s: %w", u.GetKind(), err)
	}
	return into, nil
}

// misfit returns the name of the first field of an object whose value has another type, or "" if it
// does not know. The converter is several times as fast, but its errors do not name the field.
func misfit[T any](u *unstructured.Unstructured) string {
	data, err := json.Marshal(u.Object)
	if err != nil {
		return ""
	}
	var misfit *json.UnmarshalTypeError
	if !errors.As(json.Unmarshal(data, new(T)), &misfit) {
		return ""
	}
	// The path contains inlined structs by the names of their types. No field of Capsule is named
	// like that.
	path := slices.DeleteFunc(strings.Split(misfit.Field, "."), func(name string) bool {
		return name != "" && unicode.IsUpper(rune(name[0]))
	})
	return strings.Join(path, ".")
}
