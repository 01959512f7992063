// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apiserver/pkg/authorization/path"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/cert"
	cliflag "k8s.io/component-base/cli/flag"

	"capsule.dev/tenantview/pkg/servingcert"
)

// validate returns what is wrong in a one-line error that names each flag. It must run before
// complete: a bad --kubeconfig is then reported once, not again for each flag that defaults to it.
func (o *Options) validate() error {
	errs := o.validateFiles()
	if _, err := o.Policy.Policy(); err != nil {
		errs = append(errs, err)
	}
	if o.ShutdownDelay < 0 {
		errs = append(errs, errors.New("--shutdown-delay-duration: must not be negative"))
	}
	if why := validation.IsDNS1123Subdomain(o.ServingName); o.ServingName != "" && len(why) > 0 {
		errs = append(errs, fmt.Errorf("--serving-name: %q is not a DNS name like SERVICE.NAMESPACE.svc: %s", o.ServingName, why[0]))
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
	errs = append(errs, named("--audit-log-format and related flags", o.Audit.Validate())...)
	errs = append(errs, named("--disabled-metrics and related flags", o.Metrics.Validate())...)
	return utilerrors.NewAggregate(errs)
}

// validateFiles reads all files, so that errors name the flag. The code that uses the files would
// report a broken one less clearly.
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
	check("tracing-config-file", o.Tracing.ConfigFile, func(file string) error {
		_, err := readTracing(file)
		return err
	})
	check("audit-webhook-config-file", o.Audit.WebhookOptions.ConfigFile, readable)
	for _, pair := range o.SecureServing.SNICertKeys {
		check("tls-sni-cert-key", pair.CertFile, func(string) error { return keyPair(pair.CertFile, pair.KeyFile) })
	}
	switch pair := o.SecureServing.ServerCert.CertKey; {
	case pair.CertFile != "" && pair.KeyFile != "":
		check("tls-cert-file, --tls-private-key-file", pair.CertFile, func(string) error { return keyPair(pair.CertFile, pair.KeyFile) })
	case pair.CertFile != "" || pair.KeyFile != "":
		errs = append(errs, errors.New("--tls-cert-file, --tls-private-key-file: set both or neither"))
	}
	return errs
}

func readable(file string) error {
	_, err := os.ReadFile(file) //nolint:gosec // the file that a flag of the administrator names
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
	_, err := servingcert.Load(certFile, keyFile)
	return err
}

// named puts the name of a flag in front of errors that name no flag.
func named(flag string, errs []error) []error {
	for i, err := range errs {
		if !strings.Contains(err.Error(), "--") {
			errs[i] = fmt.Errorf("%s: %w", flag, err)
		}
	}
	return errs
}
