// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package check

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// A cause is recognised by a part of what kube-apiserver says when it does not reach the server: the reasons
// and messages of k8s.io/kube-aggregator/pkg/controllers/status/remote, which contain those of crypto/x509
// and net. The first that matches counts, so the special ones come first.
//
// In a hint, SERVICE stands for the Service with its name, HOST for its DNS name, and BUNDLE for what the
// caBundle holds: see expand.
var causes = []struct {
	parts []string
	hint  string
}{
	{
		[]string{"certificate has expired or is not yet valid"},
		"The serving certificate, or its CA in the caBundle, is outside of its validity. Renew it: with cert-manager see the " +
			"Certificate's status, with Helm's own certificate repeat \"helm upgrade\", otherwise replace the Secret. Check the Nodes' clocks.",
	},
	{
		[]string{"certificate signed by unknown authority", "certificate is not trusted", "parent certificate cannot sign"},
		"The caBundle of the APIService is not the CA of the serving certificate BUNDLE. Repeat \"helm upgrade\"; with cert-manager look at " +
			"the APIService's annotation cert-manager.io/inject-ca-from and at the log of cainjector; with your own Secret set the caBundle " +
			"to its CA.",
	},
	{
		[]string{"certificate is valid for", "certificate is not valid for any names", "doesn't contain any SANs", "relies on legacy Common Name"},
		"The serving certificate has the wrong name. It must be valid for HOST.",
	},
	{
		[]string{"ServiceNotFound", "ServicePortError"},
		"The SERVICE is missing or has another port. Repeat \"helm upgrade --install\"; if tenantview is not installed any more, " +
			"delete the APIService, which otherwise keeps namespaces from being deleted.",
	},
	{
		[]string{"MissingEndpoints", "EndpointsNotFound", "have no addresses", "no endpoints available"},
		"No Pod behind the SERVICE is ready. Look at its Pods, their events and their logs: \"/readyz\" says in the log what the server " +
			"waits for.",
	},
	{
		[]string{"connection refused", "connection reset"},
		"Something closes connections on the way to the Pods of the SERVICE: their port is not the Service's targetPort, or they have just ended.",
	},
	{
		[]string{
			"context deadline exceeded", "Client.Timeout", "timed out waiting", "i/o timeout", "no route to host", "TLS handshake timeout",
			// What konnectivity says without an agent, and EKS if the address is outside of its network.
			"No agent available", "Address is not allowed",
		},
		"kube-apiserver cannot reach the Pods of the SERVICE. Let it through the NetworkPolicy (it often comes from the Nodes' " +
			"addresses) and through the firewall between control plane and Nodes (often only ports 443 and 10250 are open), or use the " +
			"host network or another container port.",
	},
	{
		[]string{"bad status from", "Unauthorized"},
		"A server answers, but refuses kube-apiserver itself. It must trust the front proxy's CA: the server's ServiceAccount needs the " +
			"RoleBinding to extension-apiserver-authentication-reader in kube-system, and kube-apiserver the flags --requestheader-*. " +
			"A status of 5xx comes from a server that is not ready.",
	},
	{
		[]string{"no such host", "server misbehaving"},
		"kube-apiserver cannot resolve the SERVICE. Without --enable-aggregator-routing it needs the cluster's Service network.",
	},
}

// hintFor returns what to do about a message of kube-apiserver, or "". service is nil if the APIService
// could not be read.
func hintFor(message string, service *apiService) string {
	for _, cause := range causes {
		for _, part := range cause.parts {
			if strings.Contains(message, part) {
				return expand(cause.hint, service)
			}
		}
	}
	return ""
}

// expand replaces the placeholders of a hint.
func expand(hint string, service *apiService) string {
	name, host, bundle := "Service of the APIService", "NAME.NAMESPACE.svc, those of the Service of the APIService", ""
	if service != nil {
		bundle = " " + describeBundle(service.Spec.CABundle)
		if s := service.Spec.Service; s != nil {
			name = "Service " + s.Name + "." + s.Namespace
			host = s.Name + "." + s.Namespace + ".svc"
		}
	}
	return strings.NewReplacer("SERVICE", name, "HOST", host, " BUNDLE", bundle).Replace(hint)
}

// describeBundle says in brackets what the caBundle of the APIService holds.
func describeBundle(bundle []byte) string {
	if len(bundle) == 0 {
		return "(it is empty)"
	}
	var found []string
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			found = append(found, fmt.Sprintf("%q until %s", certificate.Subject.String(), certificate.NotAfter.UTC().Format(time.DateOnly)))
		}
	}
	if len(found) == 0 {
		return "(it holds no PEM certificate)"
	}
	return "(it holds " + strings.Join(found, ", ") + ")"
}

// hintForUnread returns what to do if the APIService cannot be read.
func hintForUnread(err error) string {
	switch {
	case apierrors.IsNotFound(err):
		return "tenantview is not installed in this cluster, or its installation has failed half-way. Repeat \"helm upgrade --install\"."
	case apierrors.IsForbidden(err):
		return "The caller may not get this APIService. Use an administrator's kubeconfig."
	case apierrors.IsUnauthorized(err):
		return "kube-apiserver does not know the caller. Check the kubeconfig or the ServiceAccount's token."
	}
	return "kube-apiserver itself cannot be reached with this configuration."
}

// hintForList returns what to do if the list fails. service is as for hintFor.
func hintForList(err error, service *apiService) string {
	switch message := err.Error(); {
	case apierrors.IsForbidden(err):
		return "The caller may not list tenantnamespaces. Bind the user or one of the user's groups to the ClusterRole tenantview-viewer."
	case apierrors.IsNotFound(err):
		return "kube-apiserver does not serve the group " + apiServiceName + ". See the APIService."
	case apierrors.IsUnauthorized(err):
		return hintFor("bad status from", service)
	default:
		return hintFor(message, service)
	}
}
