// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import "k8s.io/client-go/rest"

// ClusterConfig returns the client configuration in a kubeconfig file or, if the path is empty, the one of
// the pod. Its errors name the flag --kubeconfig.
func ClusterConfig(kubeconfig string) (*rest.Config, error) {
	return clusterConfig("kubeconfig", kubeconfig)
}
