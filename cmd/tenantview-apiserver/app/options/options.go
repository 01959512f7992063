// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

// Package options reads the flags of tenantview-apiserver.
package options

import (
	"fmt"
	"time"

	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	cliflag "k8s.io/component-base/cli/flag"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/component-base/metrics"

	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/apiserver"
	"capsule.dev/tenantview/pkg/registry/kinds"
)

// Options are the flags. There is no storage and no admission: nothing is stored here.
type Options struct {
	// Kubeconfig is how to reach the cluster; empty inside of it.
	Kubeconfig     string
	SecureServing  *genericoptions.SecureServingOptionsWithLoopback
	Authentication *genericoptions.DelegatingAuthenticationOptions
	Authorization  *genericoptions.DelegatingAuthorizationOptions
	Audit          *genericoptions.AuditOptions
	Policy         *PolicyOptions
	Logs           *logsapi.LoggingConfiguration
	Metrics        *metrics.Options

	// ListNodeImages shows status.images of nodes.
	ListNodeImages bool
	// ReviewInterval is how often a running watch asks again what native RBAC allows.
	ReviewInterval time.Duration
	// Profiling serves /debug/pprof to those who are authorized for it.
	Profiling bool
	// ShutdownDelay is how long the server goes on accepting requests after it has said
	// that it is not ready any more, so that whoever balances load notices.
	ShutdownDelay time.Duration
}

// watchTerminationGracePeriod is the time over which a server that stops ends its watches, so
// that their clients do not all come to the other replica at once.
const watchTerminationGracePeriod = 5 * time.Second

// New returns the defaults.
func New() *Options {
	o := &Options{
		ReviewInterval: 30 * time.Second,
		SecureServing:  genericoptions.NewSecureServingOptions().WithLoopback(),
		Authentication: genericoptions.NewDelegatingAuthenticationOptions(),
		Authorization:  genericoptions.NewDelegatingAuthorizationOptions(),
		Audit:          genericoptions.NewAuditOptions(),
		Policy:         NewPolicyOptions(),
		Logs:           logsapi.NewLoggingConfiguration(),
		Metrics:        metrics.NewOptions(),
	}
	o.SecureServing.BindPort = 8443
	o.SecureServing.Required = true
	// Many watches come through the few connections of kube-apiserver's aggregator.
	o.SecureServing.HTTP2MaxStreamsPerConnection = 1000
	// Without files, a certificate is made in memory: the file system may be read only.
	o.SecureServing.ServerCert.CertDirectory = ""
	return o
}

// Flags returns the flags, by section.
func (o *Options) Flags() cliflag.NamedFlagSets {
	var sections cliflag.NamedFlagSets
	o.Policy.AddFlags(sections.FlagSet("visibility"))
	sections.FlagSet("visibility").BoolVar(&o.ListNodeImages, "list-node-images", o.ListNodeImages,
		"Show status.images of nodes, in lists, watches and single nodes. They name what other tenants run there, and are most of a node's size.")
	sections.FlagSet("visibility").DurationVar(&o.ReviewInterval, "native-rbac-review-interval", o.ReviewInterval,
		"How often a running watch asks again whether native RBAC shows its user everything. Grants are followed at once.")
	serving := sections.FlagSet("serving")
	o.SecureServing.AddFlags(serving)
	serving.BoolVar(&o.Profiling, "profiling", o.Profiling, "Serve /debug/pprof to those who are authorized for it.")
	serving.DurationVar(&o.ShutdownDelay, "shutdown-delay-duration", o.ShutdownDelay,
		"How long to go on accepting requests after /readyz has begun to fail, so that load balancers notice.")
	cluster := sections.FlagSet("cluster")
	cluster.StringVar(&o.Kubeconfig, "kubeconfig", o.Kubeconfig,
		"File that says how to reach the cluster. Inside of the cluster none is needed. It also stands in for --authentication-kubeconfig and --authorization-kubeconfig.")
	o.Authentication.AddFlags(sections.FlagSet("authentication"))
	o.Authorization.AddFlags(sections.FlagSet("authorization"))
	o.Audit.AddFlags(sections.FlagSet("audit"))
	o.Metrics.AddFlags(sections.FlagSet("metrics"))
	logsapi.AddFlags(o.Logs, sections.FlagSet("logs"))
	sections.Order = []string{"visibility", "cluster", "serving", "authentication", "authorization", "audit", "metrics", "logs"} // others follow
	return sections
}

// Config returns the configuration that the options describe, or an error that names the
// flag that is wrong.
func (o *Options) Config() (*apiserver.Config, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	o.complete()
	cluster, err := clusterConfig("kubeconfig", o.Kubeconfig)
	if err != nil {
		return nil, err
	}
	generic, err := o.genericConfig()
	if err != nil {
		return nil, err
	}
	names := accessreview.NewNameLimit()
	if err := o.applyAuthorization(generic, names); err != nil {
		return nil, err
	}
	reviews, err := o.reviews()
	if err != nil {
		return nil, err
	}
	policy, err := o.Policy.Policy()
	if err != nil {
		return nil, err
	}
	return &apiserver.Config{
		Generic:        generic,
		Cluster:        cluster,
		Reviews:        reviews,
		Names:          names,
		Policy:         policy,
		ReviewInterval: o.ReviewInterval,
		Kinds:          kinds.Options{ListNodeImages: o.ListNodeImages},
	}, nil
}

func (o *Options) complete() {
	if o.Authentication.RemoteKubeConfigFile == "" {
		o.Authentication.RemoteKubeConfigFile = o.Kubeconfig
	}
	if o.Authorization.RemoteKubeConfigFile == "" {
		o.Authorization.RemoteKubeConfigFile = o.Kubeconfig
	}
}

// clusterConfig returns how to reach the cluster, from the file that a flag names.
func clusterConfig(flag, kubeconfig string) (*rest.Config, error) {
	if kubeconfig == "" {
		config, err := rest.InClusterConfig()
		if err != nil {
			return nil, fmt.Errorf("--%s: not set, and this is not a pod of a cluster: %w", flag, err)
		}
		return config, nil
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	return config, nil
}

// clientset returns clients of the cluster that do not limit themselves: each call is made
// for a request, of which kube-apiserver's priority and fairness decides. A call ends after the
// timeout, unless it is 0.
func clientset(flag, kubeconfig string, timeout time.Duration) (kubernetes.Interface, error) {
	config, err := clusterConfig(flag, kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Timeout = -1, timeout
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	return client, nil
}

func (o *Options) genericConfig() (*genericapiserver.Config, error) {
	config := apiserver.NewGenericConfig()
	config.EnableProfiling = o.Profiling
	config.ShutdownDelayDuration = o.ShutdownDelay
	// Without it a server that stops waits a minute for its watches, and then cuts them.
	config.ShutdownWatchTerminationGracePeriod = watchTerminationGracePeriod
	o.Metrics.Apply()
	if err := o.Audit.ApplyTo(config); err != nil {
		return nil, fmt.Errorf("--audit-policy-file and its kind: %w", err)
	}
	if err := o.SecureServing.MaybeDefaultWithSelfSignedCerts("localhost", nil, nil); err != nil {
		return nil, fmt.Errorf("--cert-dir: making a certificate: %w", err)
	}
	if err := o.SecureServing.ApplyToConfig(config); err != nil {
		return nil, fmt.Errorf("--bind-address, --secure-port: %w", err)
	}
	if err := o.applyAuthentication(config); err != nil {
		return nil, err
	}
	return config, nil
}
