// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package pins keeps the modules in go.mod whose custom resource definitions the chart is checked against.
package pins

import (
	_ "github.com/cert-manager/cert-manager/pkg/apis/certmanager"
	_ "github.com/prometheus-operator/prometheus-operator/pkg/versionutil"
)
