// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

const (
	// ServerName is the name of the server's program, Service and ServiceAccount.
	ServerName = "tenantview-apiserver"
	// ServerNamespace is the namespace of the server's Service and ServiceAccount.
	ServerNamespace = "tenantview-system"
	// APIServiceName is the name of the server's APIService.
	APIServiceName = "v1alpha1.tenantview.capsule.dev"
	// servingName is the DNS name that kube-apiserver verifies in the server's certificate.
	servingName = ServerName + "." + ServerNamespace + ".svc"

	// kube-apiserver retries an APIService that did not answer after at most 30 seconds.
	apiServiceTimeout = 60 * time.Second
)

var apiServices = schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}

// StartServer runs tenantview-apiserver with the given flags in addition to those that it needs. The
// server acts as the ServiceAccount tenantview-system/tenantview-apiserver and has only its rights.
// StartServer returns when the APIService is Available. It needs Install. It restarts a running server
// that was rebuilt or has other flags. It returns whether it started a server.
func (cp *ControlPlane) StartServer(ctx context.Context, flags ...string) (started bool, err error) {
	cp.serverFlags = slices.Clone(flags)
	if !cp.Running(Server) {
		config, err := cp.ServiceAccountConfig(ctx, ServerNamespace, ServerName)
		if err != nil {
			return false, err
		}
		if err := WriteKubeconfig(cp.serverKubeconfig(), ServerName, config); err != nil {
			return false, err
		}
	}
	if started, err = cp.StartComponent(ctx, Server); err != nil {
		return started, err
	}
	return started, cp.WaitAPIServiceAvailable(ctx)
}

func (cp *ControlPlane) serverKubeconfig() string {
	return filepath.Join(cp.config.Dir, ServerName+".kubeconfig")
}

func (cp *ControlPlane) serverArguments() []string {
	kubeconfig := cp.serverKubeconfig()
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", cp.ports.Server),
		"--tls-cert-file=" + cp.pki.path("tenantview.crt"),
		"--tls-private-key-file=" + cp.pki.path("tenantview.key"),
		"--serving-name=" + servingName,
	}
}

// RenewServerCertificate replaces the server's serving certificate and key by new ones from the same
// authority, as a certificate manager does. A running server should notice.
func (cp *ControlPlane) RenewServerCertificate() error {
	pair, err := cp.pki.newServerCertificate()
	if err != nil {
		return err
	}
	return pair.write(cp.pki.path("tenantview.crt"), cp.pki.path("tenantview.key"))
}

// WaitAPIServiceAvailable waits, for at most a minute, until kube-apiserver reports that it reaches the
// server.
func (cp *ControlPlane) WaitAPIServiceAvailable(ctx context.Context) error {
	client, err := dynamic.NewForConfig(cp.AdminConfig())
	if err != nil {
		return err
	}
	resource := client.Resource(apiServices)
	nudged := false
	err = poll(ctx, apiServiceTimeout, "APIService "+APIServiceName+" to be Available", func(ctx context.Context) error {
		service, err := resource.Get(ctx, APIServiceName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		err = available(service)
		if err != nil && !nudged {
			nudged = true
			return errors.Join(err, nudge(ctx, resource))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%w\nsee %s and %s", err, cp.LogFile(APIServer), cp.LogFile(Server))
	}
	return nil
}

// nudge changes an annotation of the APIService. While the server is away, kube-apiserver checks for it
// less and less often. After any change of the APIService, it checks at once.
func nudge(ctx context.Context, resource dynamic.ResourceInterface) error {
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{"dev.tenantview.capsule.dev/started":%q}}}`,
		time.Now().UTC().Format(time.RFC3339Nano))
	_, err := resource.Patch(ctx, APIServiceName, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

// available returns nil if an APIService has the condition Available, else an error with its condition.
func available(service *unstructured.Unstructured) error {
	conditions, _, err := unstructured.NestedSlice(service.Object, "status", "conditions")
	if err != nil {
		return err
	}
	for _, c := range conditions {
		condition, _ := c.(map[string]any)
		if condition["type"] != "Available" {
			continue
		}
		if condition["status"] == "True" {
			return nil
		}
		return fmt.Errorf("it is %v: %v", condition["reason"], condition["message"])
	}
	return errors.New("it has no condition yet")
}
