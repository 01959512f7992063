// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package frontproxy

import (
	"net/http"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/group"
	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	"k8s.io/utils/clock"
)

// Authenticator authenticates requests of the front proxy, without verifying a certificate anew that it has just
// verified. It leaves every other request to all authenticators of the server, and so every refusal.
type Authenticator struct {
	certificates *certificates
	names        headerrequest.StringSliceProvider
	headers, all authenticator.Request
}

var _ authenticator.Request = &Authenticator{}

// New returns an authenticator that gives the same answers as all, which must be what
// authenticatorfactory.DelegatingAuthenticatorConfig makes with the same config.
func New(config *authenticatorfactory.RequestHeaderConfig, all authenticator.Request) *Authenticator {
	return &Authenticator{
		certificates: newCertificates(config.CAContentProvider.VerifyOptions, clock.RealClock{}),
		names:        config.AllowedClientNames,
		headers: group.NewAuthenticatedGroupAdder(headerrequest.NewDynamic(
			config.UsernameHeaders, config.UIDHeaders, config.GroupHeaders, config.ExtraHeaderPrefixes)),
		all: all,
	}
}

// AuthenticateRequest implements authenticator.Request.
func (a *Authenticator) AuthenticateRequest(req *http.Request) (*authenticator.Response, bool, error) {
	if a.certificates.verify(req.TLS, a.names) {
		if response, ok, err := a.headers.AuthenticateRequest(req); ok && err == nil {
			return response, true, nil
		}
	}
	return a.all.AuthenticateRequest(req)
}
