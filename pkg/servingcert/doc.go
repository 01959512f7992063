// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package servingcert watches the certificate that a server serves, and logs what is wrong with it
// and what to do. It knows nothing about API servers.
package servingcert
