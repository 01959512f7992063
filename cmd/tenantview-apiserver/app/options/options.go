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
	"capsule.dev/tenantview/pkg/servingcert"
	"capsule.dev/tenantview/pkg/version"
)

// Options are the flags. There are none for storage or admission: the server stores nothing.
type Options struct {
	// Kubeconfig is the path of the file that says how to reach the cluster. It is empty inside
	// the cluster.
	Kubeconfig     string
	SecureServing  *genericoptions.SecureServingOptionsWithLoopback
	Authentication *genericoptions.DelegatingAuthenticationOptions
	Authorization  *genericoptions.DelegatingAuthorizationOptions
	Audit          *genericoptions.AuditOptions
	Tracing        *genericoptions.TracingOptions
	Policy         *PolicyOptions
	Logs           *logsapi.LoggingConfiguration
	Metrics        *metrics.Options

	// ListNodeImages makes the server show status.images of nodes.
	ListNodeImages bool
	// EnableWrites lets users update and delete what their grants allow.
	EnableWrites bool
	// ReviewInterval is the interval at which a running watch asks again what native RBAC allows.
	ReviewInterval time.Duration
	// ServingName is the DNS name that the serving certificate must be valid for. If it is empty,
	// the name is not checked.
	ServingName string
	// Profiling makes the server serve /debug/pprof to users who are authorized for it.
	Profiling bool
	// ShutdownDelay is how long the server keeps accepting requests after /readyz has begun to
	// fail, so that load balancers notice.
	ShutdownDelay time.Duration
}

// watchTerminationGracePeriod is the time over which a stopping server ends its watches. They end
// one after another so that their clients do not all reach the other replica at once.
const watchTerminationGracePeriod = 5 * time.Second

// New returns the default options.
func New() *Options {
	o := &Options{
		ReviewInterval: 30 * time.Second,
		SecureServing:  genericoptions.NewSecureServingOptions().WithLoopback(),
		Authentication: genericoptions.NewDelegatingAuthenticationOptions(),
		Authorization:  genericoptions.NewDelegatingAuthorizationOptions(),
		Audit:          genericoptions.NewAuditOptions(),
		Tracing:        genericoptions.NewTracingOptions(),
		Policy:         NewPolicyOptions(),
		Logs:           logsapi.NewLoggingConfiguration(),
		Metrics:        metrics.NewOptions(),
	}
	o.SecureServing.BindPort = 8443
	o.SecureServing.Required = true
	// Many watches share the few connections of kube-apiserver's aggregator.
	o.SecureServing.HTTP2MaxStreamsPerConnection = 1000
	// Without certificate files, make a certificate in memory: the file system may be read-only.
	o.SecureServing.ServerCert.CertDirectory = ""
	return o
}

// Flags returns the flags, grouped into sections.
func (o *Options) Flags() cliflag.NamedFlagSets {
	var sections cliflag.NamedFlagSets
	o.Policy.AddFlags(sections.FlagSet("visibility"))
	sections.FlagSet("visibility").BoolVar(&o.ListNodeImages, "list-node-images", o.ListNodeImages,
		"Show status.images of nodes in lists, watches and gets. They reveal what other tenants run there, and make up most of a node's size.")
	sections.FlagSet("visibility").DurationVar(&o.ReviewInterval, "native-rbac-review-interval", o.ReviewInterval,
		"Interval at which a running watch asks again whether native RBAC shows its user everything. Changes of grants take effect at once.")
	sections.FlagSet("writes").BoolVar(&o.EnableWrites, "enable-writes", o.EnableWrites,
		"Let users update, patch and delete the objects on which a grant gives them Update or Delete, except namespaces. The server does it as the user, so it must be allowed to impersonate all users.")
	serving := sections.FlagSet("serving")
	o.SecureServing.AddFlags(serving)
	serving.StringVar(&o.ServingName, "serving-name", o.ServingName,
		"DNS name by which kube-apiserver reaches this server, such as tenantview-apiserver.tenantview-system.svc. "+
			"If the serving certificate is not valid for it, the log says so.")
	serving.BoolVar(&o.Profiling, "profiling", o.Profiling, "Serve /debug/pprof to users who are authorized for it.")
	serving.DurationVar(&o.ShutdownDelay, "shutdown-delay-duration", o.ShutdownDelay,
		"How long to keep accepting requests after /readyz has begun to fail, so that load balancers notice.")
	cluster := sections.FlagSet("cluster")
	cluster.StringVar(&o.Kubeconfig, "kubeconfig", o.Kubeconfig,
		"Path of the kubeconfig file of the cluster. Not needed inside the cluster. Also the default of --authentication-kubeconfig and --authorization-kubeconfig.")
	o.Authentication.AddFlags(sections.FlagSet("authentication"))
	o.Authorization.AddFlags(sections.FlagSet("authorization"))
	o.Audit.AddFlags(sections.FlagSet("audit"))
	sections.FlagSet("tracing").StringVar(&o.Tracing.ConfigFile, "tracing-config-file", o.Tracing.ConfigFile,
		"File with a TracingConfiguration (apiserver.config.k8s.io/v1), as kube-apiserver takes it: the collector to which traces of requests are sent, and how many of a million requests are traced.")
	o.Metrics.AddFlags(sections.FlagSet("metrics"))
	logsapi.AddFlags(o.Logs, sections.FlagSet("logs"))
	sections.Order = []string{"visibility", "writes", "cluster", "serving", "authentication", "authorization", "audit", "tracing", "metrics", "logs"} // others follow
	return sections
}

// Config returns the configuration that the options describe. Its errors name the wrong flags.
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
	reviews, err := o.reviews(generic)
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
		Writes:         o.writes(generic, cluster),
		Reviews:        reviews,
		Names:          names,
		Policy:         policy,
		ReviewInterval: o.ReviewInterval,
		Kinds:          kinds.Options{ListNodeImages: o.ListNodeImages},
		Certificate: servingcert.Options{
			CertFile: o.SecureServing.ServerCert.CertKey.CertFile,
			KeyFile:  o.SecureServing.ServerCert.CertKey.KeyFile,
			Name:     o.ServingName,
		},
	}, nil
}

// writes returns the configuration of the clients that write, or nil. Writes belong to requests, which
// can be traced; what the server reads for all users does not.
func (o *Options) writes(generic *genericapiserver.Config, cluster *rest.Config) *rest.Config {
	if !o.EnableWrites {
		return nil
	}
	config := rest.CopyConfig(cluster)
	o.trace(config, generic.TracerProvider)
	return config
}

func (o *Options) complete() {
	if o.Authentication.RemoteKubeConfigFile == "" {
		o.Authentication.RemoteKubeConfigFile = o.Kubeconfig
	}
	if o.Authorization.RemoteKubeConfigFile == "" {
		o.Authorization.RemoteKubeConfigFile = o.Kubeconfig
	}
}

// clusterConfig returns the client configuration in the file that the flag names, or the one of
// the pod if the flag is not set. Clients made from it tell their version.
func clusterConfig(flag, kubeconfig string) (*rest.Config, error) {
	load := rest.InClusterConfig
	if kubeconfig != "" {
		load = func() (*rest.Config, error) { return clientcmd.BuildConfigFromFlags("", kubeconfig) }
	}
	config, err := load()
	switch {
	case err != nil && kubeconfig == "":
		return nil, fmt.Errorf("--%s: not set, and this is not a pod in a cluster: %w", flag, err)
	case err != nil:
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	config.UserAgent = version.UserAgent()
	return config, nil
}

// clientset returns clients of the cluster without a client-side rate limit. Each call serves a
// request, and kube-apiserver's priority and fairness decides how much is too much.
func clientset(flag string, config *rest.Config) (kubernetes.Interface, error) {
	config.QPS = -1
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
	// Without this, a stopping server waits a minute for its watches and then cuts them off.
	config.ShutdownWatchTerminationGracePeriod = watchTerminationGracePeriod
	o.Metrics.Apply()
	if err := o.Audit.ApplyTo(config); err != nil {
		return nil, fmt.Errorf("--audit-policy-file and related flags: %w", err)
	}
	if err := o.applyTracing(config); err != nil {
		return nil, fmt.Errorf("--tracing-config-file: %w", err)
	}
	var names []string
	if o.ServingName != "" {
		names = append(names, o.ServingName)
	}
	if err := o.SecureServing.MaybeDefaultWithSelfSignedCerts("localhost", names, nil); err != nil {
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
