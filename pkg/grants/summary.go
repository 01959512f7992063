// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package grants

import (
	"fmt"
	"reflect"
	"strings"
)

// Summary returns the policy in a few words: the name of the profile that has these settings or, if
// none has, "default" and the settings that differ from it, as in
//
//	default OwnerGrants=Implicit NativeRBAC=Ignore
func (p Policy) Summary() string {
	for name, profile := range Profiles {
		if p == profile() {
			return name
		}
	}
	words := []string{"default"}
	settings, defaults := reflect.ValueOf(p), reflect.ValueOf(DefaultPolicy())
	for i := range settings.NumField() {
		if setting := settings.Field(i); !setting.Equal(defaults.Field(i)) {
			words = append(words, fmt.Sprintf("%s=%v", settings.Type().Field(i).Name, setting))
		}
	}
	return strings.Join(words, " ")
}
