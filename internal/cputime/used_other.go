// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package cputime

import "time"

var start = time.Now()

// Used returns the time since the start of the process, because the processor time is unknown here.
func Used() time.Duration { return time.Since(start) }
