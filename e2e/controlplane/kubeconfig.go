// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"fmt"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// tokenLifetime is long because nothing renews the token of a server that runs in the background.
const tokenLifetime = 365 * 24 * time.Hour

// clusterName is the name of the control plane in kubeconfigs.
const clusterName = "tenantview-dev"

// AdminConfig returns a configuration for a member of system:masters, without client-side rate limit.
// The caller owns it.
func (cp *ControlPlane) AdminConfig() *rest.Config { return cp.certificateConfig(cp.admin) }

// UserConfig returns a configuration for a user and the user's groups, authenticated by a new client
// certificate, without client-side rate limit. The user need not exist anywhere. The caller owns the
// configuration.
func (cp *ControlPlane) UserConfig(name string, groups ...string) (*rest.Config, error) {
	pair, err := cp.pki.cluster.client(name, groups...)
	if err != nil {
		return nil, fmt.Errorf("client certificate for %q: %w", name, err)
	}
	return cp.certificateConfig(pair), nil
}

// ServiceAccountConfig returns a configuration for an existing ServiceAccount, authenticated by a new
// token that is valid for a year, without client-side rate limit. The caller owns it.
func (cp *ControlPlane) ServiceAccountConfig(ctx context.Context, namespace, name string) (*rest.Config, error) {
	client, err := kubernetes.NewForConfig(cp.AdminConfig())
	if err != nil {
		return nil, err
	}
	seconds := int64(tokenLifetime / time.Second)
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	request, err = client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name, request, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("token for ServiceAccount %s/%s: %w", namespace, name, err)
	}
	config := cp.anonymousConfig()
	config.BearerToken = request.Status.Token
	return config, nil
}

// DirectConfig returns a copy of a configuration that calls tenantview-apiserver on its own port and so
// bypasses the aggregation layer.
func (cp *ControlPlane) DirectConfig(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.Host = "https://" + Address(cp.ports.Server)
	config.CAData = cp.pki.server.certPEM
	return config
}

func (cp *ControlPlane) certificateConfig(pair *keyPair) *rest.Config {
	config := cp.anonymousConfig()
	config.CertData, config.KeyData = pair.certPEM, pair.keyPEM
	return config
}

func (cp *ControlPlane) anonymousConfig() *rest.Config {
	return &rest.Config{
		Host:            "https://" + Address(cp.ports.APIServer),
		TLSClientConfig: rest.TLSClientConfig{CAData: cp.pki.cluster.certPEM},
		QPS:             -1,
	}
}

// WriteKubeconfig writes a configuration as a kubeconfig that contains all credentials and that only its
// owner can read. user is the name of the user in the kubeconfig.
func WriteKubeconfig(path, user string, config *rest.Config) error {
	kubeconfig := clientcmdapi.NewConfig()
	kubeconfig.Clusters[clusterName] = &clientcmdapi.Cluster{
		Server:                   config.Host,
		CertificateAuthorityData: config.CAData,
	}
	kubeconfig.AuthInfos[user] = &clientcmdapi.AuthInfo{
		ClientCertificateData: config.CertData,
		ClientKeyData:         config.KeyData,
		Token:                 config.BearerToken,
	}
	kubeconfig.Contexts[user] = &clientcmdapi.Context{Cluster: clusterName, AuthInfo: user}
	kubeconfig.CurrentContext = user
	data, err := clientcmd.Write(*kubeconfig)
	if err != nil {
		return fmt.Errorf("kubeconfig of %s: %w", user, err)
	}
	return writeFile(path, data, 0o600)
}
