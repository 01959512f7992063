// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apiserver/pkg/authorization/path"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/cert"
	cliflag "k8s.io/component-base/cli/flag"
)

// validate says what is wrong, in one line that names each flag. It comes before anything
// is completed, so that a file which stands in for others is reported once.
func (o *Options) validate() error {
	errs := o.validateFiles()
	if _, err := o.Policy.Policy(); err != nil {
		errs = append(errs, err)
	}
	if o.ShutdownDelay < 0 {
		errs = append(errs, errors.New("--shutdown-delay-duration: must not be negative"))
	}
	if o.ReviewInterval < time.Second {
		errs = append(errs, errors.New("--native-rbac-review-interval: must be at least a second"))
	}
	if _, err := cliflag.TLSVersion(o.SecureServing.MinTLSVersion); err != nil {
		errs = append(errs, fmt.Errorf("--tls-min-version: %w", err))
	}
	if _, err := cliflag.TLSCipherSuites(o.SecureServing.CipherSuites); err != nil {
		errs = append(errs, fmt.Errorf("--tls-cipher-suites: %w", err))
	}
	if _, err := path.NewAuthorizer(o.Authorization.AlwaysAllowPaths); err != nil {
		errs = append(errs, fmt.Errorf("--authorization-always-allow-paths: %w", err))
	}
	errs = append(errs, o.SecureServing.Validate()...)
	errs = append(errs, o.Authentication.Validate()...)
	errs = append(errs, o.Authorization.Validate()...)
	errs = append(errs, named("--audit-log-format and its kind", o.Audit.Validate())...)
	errs = append(errs, named("--disabled-metrics and its kind", o.Metrics.Validate())...)
	return utilerrors.NewAggregate(errs)
}

// validateFiles reads all files, which whoever uses them would blame on something else.
func (o *Options) validateFiles() []error {
	var errs []error
	check := func(flag, file string, read func(string) error) {
		if file == "" {
			return
		}
		if err := read(file); err != nil {
			errs = append(errs, fmt.Errorf("--%s: %w", flag, err))
		}
	}
	check("kubeconfig", o.Kubeconfig, kubeconfig)
	check("authentication-kubeconfig", o.Authentication.RemoteKubeConfigFile, kubeconfig)
	check("authorization-kubeconfig", o.Authorization.RemoteKubeConfigFile, kubeconfig)
	check("client-ca-file", o.Authentication.ClientCert.ClientCA, certificates)
	check("requestheader-client-ca-file", o.Authentication.RequestHeader.ClientCAFile, certificates)
	check("audit-policy-file", o.Audit.PolicyFile, readable)
	check("audit-webhook-config-file", o.Audit.WebhookOptions.ConfigFile, readable)
	for _, pair := range o.SecureServing.SNICertKeys {
		check("tls-sni-cert-key", pair.CertFile, func(string) error { return keyPair(pair.CertFile, pair.KeyFile) })
	}
	switch pair := o.SecureServing.ServerCert.CertKey; {
	case pair.CertFile != "" && pair.KeyFile != "":
		check("tls-cert-file, --tls-private-key-file", pair.CertFile, func(string) error { return keyPair(pair.CertFile, pair.KeyFile) })
	case pair.CertFile != "" || pair.KeyFile != "":
		errs = append(errs, errors.New("--tls-cert-file, --tls-private-key-file: one is of no use without the other"))
	}
	return errs
}

func readable(file string) error {
	_, err := os.ReadFile(file)
	return err
}

func kubeconfig(file string) error {
	if err := readable(file); err != nil {
		return err
	}
	_, err := clientcmd.BuildConfigFromFlags("", file)
	return err
}

func certificates(file string) error {
	if err := readable(file); err != nil {
		return err
	}
	_, err := cert.CertsFromFile(file)
	return err
}

func keyPair(certFile, keyFile string) error {
	_, err := tls.LoadX509KeyPair(certFile, keyFile)
	return err
}

// named puts the name of a flag before errors that name none.
func named(flag string, errs []error) []error {
	for i, err := range errs {
		if !strings.Contains(err.Error(), "--") {
			errs[i] = fmt.Errorf("%s: %w", flag, err)
		}
	}
	return errs
}
