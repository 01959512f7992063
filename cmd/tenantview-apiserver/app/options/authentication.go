// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// The ConfigMap in which kube-apiserver publishes how it authenticates: the CA of client
// certificates, and that of its front proxy with the headers that it sets.
const (
	publishedNamespace = metav1.NamespaceSystem
	publishedName      = "extension-apiserver-authentication"
)

// applyAuthentication authenticates requests of kube-apiserver's front proxy, client
// certificates and bearer tokens.
//
// DelegatingAuthenticationOptions.ApplyTo does the same, but reads the ConfigMap once at the
// start and fails without it. Here a server that starts before kube-apiserver keeps asking:
// until it has an answer, it believes no header and no certificate.
func (o *Options) applyAuthentication(config *genericapiserver.Config) error {
	if o.Authentication.SkipInClusterLookup || o.Authentication.RequestHeader.ClientCAFile != "" || o.Authentication.ClientCert.ClientCA != "" {
		if err := o.Authentication.ApplyTo(&config.Authentication, config.SecureServing, config.OpenAPIConfig); err != nil {
			return fmt.Errorf("--authentication-kubeconfig: %w", err)
		}
		return nil
	}
	client, err := authenticationClient(o.Authentication.RemoteKubeConfigFile)
	if err != nil {
		return fmt.Errorf("--authentication-kubeconfig: %w", err)
	}
	clientCA, err := dynamiccertificates.NewDynamicCAFromConfigMapController("client-ca", publishedNamespace, publishedName, "client-ca-file", client)
	if err != nil {
		return fmt.Errorf("reading the CA of client certificates: %w", err)
	}
	frontProxy, err := newFrontProxy(client)
	if err != nil {
		return err
	}
	factory := authenticatorfactory.DelegatingAuthenticatorConfig{
		Anonymous:                          &apiserver.AnonymousAuthConfig{Enabled: true},
		CacheTTL:                           o.Authentication.CacheTTL,
		WebhookRetryBackoff:                o.Authentication.WebhookRetryBackoff,
		TokenAccessReviewTimeout:           o.Authentication.TokenRequestTimeout,
		TokenAccessReviewClient:            client.AuthenticationV1(),
		ClientCertificateCAContentProvider: clientCA,
		RequestHeaderConfig:                frontProxy,
	}
	for _, ca := range []dynamiccertificates.CAContentProvider{clientCA, frontProxy.CAContentProvider} {
		if err := config.Authentication.ApplyClientCert(ca, config.SecureServing); err != nil {
			return fmt.Errorf("verifying client certificates: %w", err)
		}
	}
	authenticate, definitions, err := factory.New()
	if err != nil {
		return fmt.Errorf("making the authenticator: %w", err)
	}
	config.Authentication.RequestHeaderConfig = frontProxy
	config.Authentication.Authenticator = authenticate
	config.OpenAPIConfig.SecurityDefinitions = definitions
	return nil
}

func authenticationClient(kubeconfig string) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if kubeconfig == "" {
		config, err = rest.InClusterConfig()
	}
	if err != nil {
		return nil, err
	}
	// A token review may be needed for each request.
	config.QPS, config.Burst = 200, 400
	return kubernetes.NewForConfig(config)
}

// newFrontProxy follows the published CA and headers of kube-apiserver's front proxy. What
// has not been read yet verifies nothing.
func newFrontProxy(client kubernetes.Interface) (*authenticatorfactory.RequestHeaderConfig, error) {
	ca, err := dynamiccertificates.NewDynamicCAFromConfigMapController("request-header", publishedNamespace, publishedName, "requestheader-client-ca-file", client)
	if err != nil {
		return nil, fmt.Errorf("reading the CA of the front proxy: %w", err)
	}
	headers := headerrequest.NewRequestHeaderAuthRequestController(publishedName, publishedNamespace, client,
		"requestheader-username-headers", "requestheader-uid-headers", "requestheader-group-headers",
		"requestheader-extra-headers-prefix", "requestheader-allowed-names")
	provider := &genericoptions.DynamicRequestHeaderController{ConfigMapCAController: ca, RequestHeaderAuthRequestController: headers}
	// The first answer is worth waiting for, so that the first requests are not refused.
	_ = provider.RunOnce(context.Background())
	return &authenticatorfactory.RequestHeaderConfig{
		CAContentProvider:   provider,
		UsernameHeaders:     headerrequest.StringSliceProviderFunc(headers.UsernameHeaders),
		UIDHeaders:          headerrequest.StringSliceProviderFunc(headers.UIDHeaders),
		GroupHeaders:        headerrequest.StringSliceProviderFunc(headers.GroupHeaders),
		ExtraHeaderPrefixes: headerrequest.StringSliceProviderFunc(headers.ExtraHeaderPrefixes),
		AllowedClientNames:  headerrequest.StringSliceProviderFunc(headers.AllowedClientNames),
	}, nil
}
