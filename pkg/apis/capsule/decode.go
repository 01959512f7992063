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

// Decode reads an object of a dynamic client into one of the types of this package. It
// fails when a field that matters has a value of another type; it does not change u, and
// the result shares nothing with it that is ever changed.
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

// misfit names the first field of an object whose value has another type, "" if it cannot
// tell. The converter, which is several times as fast, does not.
func misfit[T any](u *unstructured.Unstructured) string {
	data, err := json.Marshal(u.Object)
	if err != nil {
		return ""
	}
	var misfit *json.UnmarshalTypeError
	if !errors.As(json.Unmarshal(data, new(T)), &misfit) {
		return ""
	}
	// Structs that are inlined are in it by the names of their types, as no field of Capsule's is.
	path := slices.DeleteFunc(strings.Split(misfit.Field, "."), func(name string) bool {
		return name != "" && unicode.IsUpper(rune(name[0]))
	})
	return strings.Join(path, ".")
}
