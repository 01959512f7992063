// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/apiserver/pkg/server/healthz"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/client-go/kubernetes"

	"capsule.dev/tenantview/pkg/frontproxy"
)

// These name the ConfigMap in which kube-apiserver publishes how it authenticates: the CA of client
// certificates, the CA of its front proxy, and the headers that the front proxy sets.
const (
	publishedNamespace = metav1.NamespaceSystem
	publishedName      = "extension-apiserver-authentication"
)

// anonymous allows anonymous requests for the probes only. Users who come through kube-apiserver
// have a name, even if it is system:anonymous. At the server's own port, a request without an
// identity must not cost an access review.
var anonymous = &apiserver.AnonymousAuthConfig{
	Enabled:    true,
	Conditions: []apiserver.AnonymousAuthCondition{{Path: "/healthz"}, {Path: "/livez"}, {Path: "/readyz"}},
}

// applyAuthentication authenticates requests by the headers of kube-apiserver's front proxy, by
// client certificates and by bearer tokens.
//
// DelegatingAuthenticationOptions.ApplyTo does the same, but it reads the ConfigMap once at the
// start, fails without it, and admits anonymous requests to everything. This server keeps asking
// if it starts before kube-apiserver. Until it has an answer, it trusts no header and no
// certificate.
func (o *Options) applyAuthentication(config *genericapiserver.Config) error {
	const flag = "authentication-kubeconfig"
	cluster, err := clusterConfig(flag, o.Authentication.RemoteKubeConfigFile)
	if err != nil {
		return err
	}
	client, err := clientset(flag, cluster)
	if err != nil {
		return err
	}
	clientCA, err := o.clientCA(client)
	if err != nil {
		return fmt.Errorf("reading the CA of client certificates: %w", err)
	}
	frontProxy, err := o.frontProxy(client)
	if err != nil {
		return fmt.Errorf("reading the CA of the front proxy: %w", err)
	}
	factory := authenticatorfactory.DelegatingAuthenticatorConfig{
		Anonymous:                          anonymous,
		CacheTTL:                           o.Authentication.CacheTTL,
		WebhookRetryBackoff:                o.Authentication.WebhookRetryBackoff,
		TokenAccessReviewTimeout:           o.Authentication.TokenRequestTimeout,
		TokenAccessReviewClient:            client.AuthenticationV1(),
		ClientCertificateCAContentProvider: clientCA,
		RequestHeaderConfig:                frontProxy,
	}
	if clientCA != nil {
		if err := config.Authentication.ApplyClientCert(clientCA, config.SecureServing); err != nil {
			return fmt.Errorf("verifying client certificates: %w", err)
		}
	}
	if frontProxy != nil {
		if err := config.Authentication.ApplyClientCert(frontProxy.CAContentProvider, config.SecureServing); err != nil {
			return fmt.Errorf("verifying the certificate of the front proxy: %w", err)
		}
	}
	if !o.Authentication.SkipInClusterLookup {
		var ready atomic.Bool // once in use, the published configuration is never forgotten
		config.AddReadyzChecks(healthz.NamedCheck("authentication", func(r *http.Request) error {
			if ready.Load() {
				return nil
			}
			err := authenticates(r.Context(), client, clientCA, frontProxy)
			ready.Store(err == nil)
			return err
		}))
	}
	authenticate, definitions, err := factory.New()
	if err != nil {
		return fmt.Errorf("making the authenticator: %w", err)
	}
	if frontProxy != nil {
		authenticate = frontproxy.New(frontProxy, authenticate)
	}
	config.Authentication.RequestHeaderConfig = frontProxy
	config.Authentication.Authenticator = authenticate
	config.OpenAPIConfig.SecurityDefinitions = definitions
	return nil
}

// authenticates returns an error until the configuration that kube-apiserver publishes is in use.
// Until then, requests of the front proxy count as anonymous and are refused.
func authenticates(ctx context.Context, client kubernetes.Interface, clientCA dynamiccertificates.CAContentProvider, frontProxy *authenticatorfactory.RequestHeaderConfig) error {
	if len(frontProxy.CAContentProvider.CurrentCABundleContent()) == 0 || len(frontProxy.UsernameHeaders.Value()) == 0 {
		return fmt.Errorf("the configuration of the front proxy has not been read yet from the ConfigMap %s/%s", publishedNamespace, publishedName)
	}
	if len(clientCA.CurrentCABundleContent()) > 0 {
		return nil
	}
	// A cluster that does not authenticate by client certificates publishes no CA for them.
	published, err := client.CoreV1().ConfigMaps(publishedNamespace).Get(ctx, publishedName, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading the CA of client certificates: %w", err)
	}
	if published.Data["client-ca-file"] != "" {
		return errors.New("the CA of client certificates has been published, but is not in use yet")
	}
	return nil
}

// clientCA returns the CA of client certificates: the one in the file that the flag names, else
// the published one, or nil if --authentication-skip-lookup is set. The published CA verifies
// nothing until it has been read.
func (o *Options) clientCA(client kubernetes.Interface) (dynamiccertificates.CAContentProvider, error) {
	if o.Authentication.ClientCert.ClientCA != "" || o.Authentication.SkipInClusterLookup {
		return o.Authentication.ClientCert.GetClientCAContentProvider()
	}
	return dynamiccertificates.NewDynamicCAFromConfigMapController("client-ca", publishedNamespace, publishedName, "client-ca-file", client)
}

// frontProxy returns the CA and the headers of kube-apiserver's front proxy. It looks for them as
// clientCA does.
func (o *Options) frontProxy(client kubernetes.Interface) (*authenticatorfactory.RequestHeaderConfig, error) {
	if o.Authentication.RequestHeader.ClientCAFile != "" || o.Authentication.SkipInClusterLookup {
		return o.Authentication.RequestHeader.ToAuthenticationRequestHeaderConfig()
	}
	ca, err := dynamiccertificates.NewDynamicCAFromConfigMapController("request-header", publishedNamespace, publishedName, "requestheader-client-ca-file", client)
	if err != nil {
		return nil, err
	}
	headers := headerrequest.NewRequestHeaderAuthRequestController(publishedName, publishedNamespace, client,
		"requestheader-username-headers", "requestheader-uid-headers", "requestheader-group-headers",
		"requestheader-extra-headers-prefix", "requestheader-allowed-names")
	provider := &genericoptions.DynamicRequestHeaderController{ConfigMapCAController: ca, RequestHeaderAuthRequestController: headers}
	return &authenticatorfactory.RequestHeaderConfig{
		CAContentProvider:   provider,
		UsernameHeaders:     headerrequest.StringSliceProviderFunc(headers.UsernameHeaders),
		UIDHeaders:          headerrequest.StringSliceProviderFunc(headers.UIDHeaders),
		GroupHeaders:        headerrequest.StringSliceProviderFunc(headers.GroupHeaders),
		ExtraHeaderPrefixes: headerrequest.StringSliceProviderFunc(headers.ExtraHeaderPrefixes),
		AllowedClientNames:  headerrequest.StringSliceProviderFunc(headers.AllowedClientNames),
	}, nil
}
