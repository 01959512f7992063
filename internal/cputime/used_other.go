// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package cputime

import "time"

var start = time.Now()

// used is the time since the process has begun, where that of the processor is not known.
func used() time.Duration { return time.Since(start) }
