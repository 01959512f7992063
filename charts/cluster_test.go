// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// cluster is a kube-apiserver that has the given objects, by their paths, and the kinds that the chart needs.
type cluster map[string]*unstructured.Unstructured

// known are the kinds of a cluster, by their group and version. Those that begin with a slash have no namespace.
var known = map[string][]string{
	"v1": {"Secret", "Service", "ServiceAccount", "Pod", "/Namespace"}, "apps/v1": {"Deployment"},
	"policy/v1": {"PodDisruptionBudget"}, "networking.k8s.io/v1": {"NetworkPolicy"},
	"rbac.authorization.k8s.io/v1":    {"/ClusterRole", "/ClusterRoleBinding", "RoleBinding"},
	"flowcontrol.apiserver.k8s.io/v1": {"/FlowSchema", "/PriorityLevelConfiguration"},
	"apiregistration.k8s.io/v1":       {"/APIService"}, "apiextensions.k8s.io/v1": {"/CustomResourceDefinition"},
	"cert-manager.io/v1":       {"Certificate", "Issuer"},
	"monitoring.coreos.com/v1": {"ServiceMonitor", "PrometheusRule"}, "autoscaling/v2": {"HorizontalPodAutoscaler"},
}

const (
	secretPath     = "/api/v1/namespaces/" + namespace + "/secrets/" + name + "-serving"
	apiServicePath = "/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.tenantview.capsule.dev"
	definitionPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"
)

// helm runs a helm command on the chart as if it changed the cluster.
func (c cluster) helm(t *testing.T, command, values string) (string, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(server.Close)
	return helm(t, values, command, release, chart, "--namespace="+namespace, "--dry-run=server",
		"--disable-openapi-validation", "--kube-apiserver="+server.URL)
}

// renderIn returns the objects that helm would install in the cluster, or what it says against it.
func (c cluster) renderIn(t *testing.T, values string) (objects, error) {
	t.Helper()
	out, err := c.helm(t, "template", values)
	if err != nil {
		return nil, err
	}
	return decode(t, out), nil
}

func (c cluster) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimSuffix(r.URL.Path, "/")
	answer := discovery(path)
	if object, ok := c[path]; ok {
		answer = object.Object
	}
	w.Header().Set("Content-Type", "application/json")
	if answer == nil {
		w.WriteHeader(http.StatusNotFound)
		answer = apierrors.NewNotFound(schema.GroupResource{}, path).Status()
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// discovery returns what a new cluster answers to a client that looks for its kinds, or nil for other paths.
func discovery(path string) any {
	switch path {
	case "/version":
		return version.Info{Major: "1", Minor: "36", GitVersion: "v1.36.3"}
	case "/api/v1/namespaces/" + namespace + "/secrets": // where helm looks for its releases
		return corev1.SecretList{TypeMeta: metav1.TypeMeta{Kind: "SecretList", APIVersion: "v1"}}
	case "/api":
		return metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}}
	case "/apis":
		groups := metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}}
		for groupVersion := range known {
			if group, v, ok := strings.Cut(groupVersion, "/"); ok {
				preferred := metav1.GroupVersionForDiscovery{GroupVersion: groupVersion, Version: v}
				groups.Groups = append(groups.Groups, metav1.APIGroup{Name: group, Versions: []metav1.GroupVersionForDiscovery{preferred}, PreferredVersion: preferred})
			}
		}
		return groups
	}
	groupVersion := strings.TrimPrefix(strings.TrimPrefix(path, "/apis/"), "/api/")
	kinds, ok := known[groupVersion]
	if !ok {
		return nil
	}
	list := metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: groupVersion}
	for _, kind := range kinds {
		kind, global := strings.CutPrefix(kind, "/")
		plural, _ := meta.UnsafeGuessKindToResource(schema.GroupVersionKind{Kind: kind})
		list.APIResources = append(list.APIResources, metav1.APIResource{Name: plural.Resource, Kind: kind, Namespaced: !global, Verbs: metav1.Verbs{"get", "list"}})
	}
	return list
}

// owned returns an object of a release in a namespace.
func owned(apiVersion, kind, release, namespace string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind}}
	object.SetLabels(map[string]string{"app.kubernetes.io/managed-by": "Helm"})
	object.SetAnnotations(map[string]string{"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace})
	return object
}
