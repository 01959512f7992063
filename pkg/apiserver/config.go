// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"time"

	apimachineryversion "k8s.io/apimachinery/pkg/version"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/util/compatibility"
	restclient "k8s.io/client-go/rest"
	basecompatibility "k8s.io/component-base/compatibility"

	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/generated/openapi"
	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/registry/viewreview"
	"capsule.dev/tenantview/pkg/servingcert"
	"capsule.dev/tenantview/pkg/source"
	"capsule.dev/tenantview/pkg/tenancy"
	"capsule.dev/tenantview/pkg/version"
)

// Config configures a server.
type Config struct {
	// Generic is the configuration of the generic API server. Serving, authentication and
	// authorization must be set.
	Generic *genericapiserver.Config
	// Cluster says how to reach the cluster whose objects are served.
	Cluster *restclient.Config
	// Reviews answers what users may do with upstream resources. It need not cache. The server
	// calls it only if the policy adds native RBAC.
	Reviews authorizer.UnconditionalAuthorizer
	// Names limits the questions to Reviews about names; nil makes a limit. It should be the one
	// that the authorizer of requests uses, which also gets questions about names.
	Names *accessreview.NameLimit
	// Policy holds the decisions that Capsule leaves to the administrator.
	Policy grants.Policy
	// ReviewInterval is the interval at which a running watch asks Reviews again.
	ReviewInterval time.Duration
	// Kinds holds the options of the kinds.
	Kinds kinds.Options
	// Certificate says where the serving certificate comes from and what it is for.
	Certificate servingcert.Options
	// Writes says how to reach the cluster for the updates and deletions that users' grants allow. Its
	// identity must be allowed to impersonate them. nil means that users cannot write.
	Writes *restclient.Config
}

// NewGenericConfig returns the configuration of a generic API server for the API group. The caller
// must add serving, authentication and authorization.
func NewGenericConfig() *genericapiserver.Config {
	config := genericapiserver.NewConfig(Codecs)
	config.BuildHandlerChainFunc = defaultLimits.buildHandlerChain
	config.LongRunningFunc = exceptProbes(config.LongRunningFunc)
	config.MaxRequestBodyBytes = maxBody
	config.EffectiveVersion = effectiveVersion{compatibility.DefaultBuildEffectiveVersion()}
	namer := openapinamer.NewDefinitionNamer(Scheme)
	config.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(openapi.GetOpenAPIDefinitions, namer)
	config.OpenAPIConfig.Info.Title = "tenantview"
	// The version of the API and not of the binary: kube-apiserver requests a document by its hash,
	// which should change only with the schema.
	config.OpenAPIConfig.Info.Version = v1alpha1.SchemeGroupVersion.Version
	config.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(openapi.GetOpenAPIDefinitions, namer)
	config.OpenAPIV3Config.Info = config.OpenAPIConfig.Info
	return config
}

// effectiveVersion has the version of Kubernetes for feature gates, but reports that of tenantview
// to clients.
type effectiveVersion struct {
	basecompatibility.MutableEffectiveVersion
}

// Info returns the version of tenantview.
func (effectiveVersion) Info() *apimachineryversion.Info {
	info := version.Get()
	return &info
}

// CompletedConfig is a Config that a server can be made from.
type CompletedConfig struct {
	config      *Config
	generic     genericapiserver.CompletedConfig
	certificate *servingcert.Monitor // nil if the server does not serve by TLS
}

// Complete fills in the fields that can be derived.
func (c *Config) Complete() CompletedConfig {
	var certificate *servingcert.Monitor
	if serving := c.Generic.SecureServing; serving != nil {
		certificate = servingcert.NewMonitor(serving.Cert, c.Certificate)
		serving.Cert.AddListener(certificate)
		bounded := newBoundedListener(serving.Listener, connectionsOfAddress, connectionsOfAll)
		serving.Listener = certificate.Listen(&timedListener{Listener: bounded, timeout: c.Generic.RequestTimeout})
	}
	return CompletedConfig{config: c, generic: c.Generic.Complete(nil), certificate: certificate}
}

// ProxySettings of one Tenant may take a twentieth of the time in which changes are applied, and
// those of all Tenants together a half of it.
const (
	settingsOfTenant = 20
	settingsOfAll    = 2
)

// New returns the server. It makes no connections until it runs.
func (c CompletedConfig) New() (*Server, error) {
	if err := checkChain(c.config.Generic); err != nil {
		return nil, err
	}
	generic, err := c.generic.New("tenantview-apiserver", genericapiserver.NewEmptyDelegate())
	if err != nil {
		return nil, fmt.Errorf("making the generic API server: %w", err)
	}
	all := kinds.All(c.config.Kinds)
	granted := make([]grants.Kind, len(all))
	for i, kind := range all {
		granted[i] = kind.Kind
	}
	m := newMetrics()
	cluster := tenancy.New(granted, c.config.Policy, m.observeApply)
	cluster.LimitSettings(settingsOfTenant, settingsOfAll)
	clients, err := source.NewClients(c.config.Cluster)
	if err != nil {
		return nil, err
	}
	sources, err := source.NewSources(clients, cluster, granted)
	if err != nil {
		return nil, err
	}
	shared := registry.Config{
		Viewers: cluster, ServerID: registry.NewServerID(), Issued: registry.NewIssuedPositions(), Encodings: registry.NewEncodings(), Synced: sources.Live, WriteLag: sources.WriteLag, ReviewInterval: c.config.ReviewInterval,
		ObserveList: m.observeList, ObserveResume: m.observeResume, ObserveTermination: m.observeTermination,
		ObserveRefusal: observeRefusal, Policy: c.config.Policy.Summary(),
	}
	if c.config.Policy.NativeRBAC == grants.NativeRBACUnion {
		shared.Reviews = accessreview.New(c.config.Reviews, c.config.ReviewInterval, c.names())
	}
	var write *writing
	if c.config.Writes != nil {
		if write, err = newWriting(c.config.Writes, all); err != nil {
			return nil, err
		}
	}
	if err := install(generic, storageOf(all, cluster, shared, write)); err != nil {
		return nil, err
	}
	if err := generic.AddReadyzChecks(readyzChecks(sources)...); err != nil {
		return nil, fmt.Errorf("adding readyz checks: %w", err)
	}
	if c.certificate != nil {
		if err := generic.AddPostStartHook("serving-certificate", c.monitorCertificate); err != nil {
			return nil, fmt.Errorf("adding a hook: %w", err)
		}
	}
	m.register(newCollector(all, cluster, sources, c.certificate))
	return &Server{generic: generic, sources: sources}, nil
}

// monitorCertificate starts to monitor the serving certificate. It must run after the server has
// begun to serve, which adds a listener to the certificate.
func (c CompletedConfig) monitorCertificate(ctx genericapiserver.PostStartHookContext) error {
	go c.certificate.Run(ctx)
	return nil
}

func (c CompletedConfig) names() *accessreview.NameLimit {
	if c.config.Names == nil {
		return accessreview.NewNameLimit()
	}
	return c.config.Names
}

// install serves every kind.
func install(server *genericapiserver.GenericAPIServer, storage map[string]rest.Storage) error {
	group := genericapiserver.NewDefaultAPIGroupInfo(v1alpha1.GroupName, Scheme, ParameterCodec, Codecs)
	group.VersionedResourcesStorageMap[v1alpha1.SchemeGroupVersion.Version] = storage
	if err := server.InstallAPIGroup(&group); err != nil {
		return fmt.Errorf("installing the API group: %w", err)
	}
	return nil
}

// storageOf returns the storage of every kind and of the reviews, by their resources. write is nil if
// nothing can be written.
func storageOf(all []*registry.Kind, cluster *tenancy.Cluster, shared registry.Config, write *writing) map[string]rest.Storage {
	storage := make(map[string]rest.Storage, len(all)+2)
	reads := make([]*registry.REST, len(all))
	for i, kind := range all {
		reads[i] = registry.NewREST(kind, cluster.View(kind.Upstream.GroupResource()), shared)
		storage[kind.Resource] = reads[i]
		if write != nil && kind.Writable() {
			storage[kind.Resource] = registry.NewWritableREST(reads[i], write.client, write.reader)
		}
	}
	storage[viewreview.SelfResource], storage[viewreview.OtherResource] = viewreview.New(viewreview.Config{
		Kinds: reads, Explainer: cluster, Policy: cluster.Policy(),
		Writes: func(kind *registry.Kind) bool { return write != nil && kind.Writable() },
	})
	return storage
}
