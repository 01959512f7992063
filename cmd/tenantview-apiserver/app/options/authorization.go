// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/authorization/path"
	"k8s.io/apiserver/pkg/authorization/union"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"capsule.dev/tenantview/pkg/accessreview"
	"capsule.dev/tenantview/pkg/apiserver"
)

// applyAuthorization lets kube-apiserver decide which requests to this server are allowed.
//
// DelegatingAuthorizationOptions.ApplyTo does the same in the same order. But its client makes at
// most 200 requests a second for all users together, and its authorizer keeps in memory what users
// write into their requests.
func (o *Options) applyAuthorization(config *genericapiserver.Config, names *accessreview.NameLimit) error {
	reviews, err := o.webhook(config, *o.Authorization.WebhookRetryBackoff)
	if err != nil {
		return err
	}
	paths, err := path.NewAuthorizer(o.Authorization.AlwaysAllowPaths)
	if err != nil {
		return fmt.Errorf("--authorization-always-allow-paths: %w", err)
	}
	delegated := accessreview.NewDelegated(accessreview.DelegatedConfig{
		Reviews: reviews, Served: apiserver.Resources(), Names: names,
		AllowTTL: o.Authorization.AllowCacheTTL, DenyTTL: o.Authorization.DenyCacheTTL,
	})
	config.Authorization.Authorizer, err = union.New(
		union.NamedAuthorizer{AuthorizerName: "kubernetes.io/always-allow-groups", Authorizer: authorizerfactory.NewPrivilegedGroups(o.Authorization.AlwaysAllowGroups...)},
		union.NamedAuthorizer{AuthorizerName: "kubernetes.io/always-allow-paths", Authorizer: paths},
		union.NamedAuthorizer{AuthorizerName: "kubernetes.io/webhook", Authorizer: authorizer.AuthorizerFunc(delegated.Authorize)},
	)
	if err != nil {
		return fmt.Errorf("making the authorizer: %w", err)
	}
	return nil
}

// reviews returns an authorizer for upstream resources. It neither caches nor retries: its callers
// do that at their own pace.
func (o *Options) reviews(config *genericapiserver.Config) (authorizer.UnconditionalAuthorizer, error) {
	return o.webhook(config, wait.Backoff{Steps: 1})
}

func (o *Options) webhook(config *genericapiserver.Config, backoff wait.Backoff) (*accessreview.Webhook, error) {
	const flag = "authorization-kubeconfig"
	cluster, err := clusterConfig(flag, o.Authorization.RemoteKubeConfigFile)
	if err != nil {
		return nil, err
	}
	cluster.Timeout = o.Authorization.ClientTimeout
	o.trace(cluster, config.TracerProvider)
	client, err := clientset(flag, cluster)
	if err != nil {
		return nil, err
	}
	return accessreview.NewWebhook(client.AuthorizationV1().SubjectAccessReviews(), backoff), nil
}
