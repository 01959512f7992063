// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package artifacts_test

import (
	"io/fs"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"capsule.dev/tenantview/artifacts"
	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/pkg/impersonate"
	"capsule.dev/tenantview/pkg/registry/kinds"
)

// find decodes the one object of a kind and name, strictly: an unknown field is a misspelt one.
func find(t *testing.T, file, kind, name string, into any) {
	t.Helper()
	for _, object := range decode(t, file) {
		if object.GetKind() == kind && object.GetName() == name {
			if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, into, true); err != nil {
				t.Fatalf("%s: %s %s: %v", file, kind, name, err)
			}
			return
		}
	}
	t.Fatalf("%s has no %s %s", file, kind, name)
}

func decode(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	data, err := artifacts.Files.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := controlplane.Decode(data)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return objects
}

// The server reads and asks; a verb that writes would be a right that nobody needs.
func TestServerOwnsNoWriteRight(t *testing.T) {
	role := &rbacv1.ClusterRole{}
	find(t, "tenantview.yaml", "ClusterRole", "tenantview-apiserver", role)
	for _, rule := range role.Rules {
		want := []string{"list", "watch"}
		if slices.Contains(rule.APIGroups, "authorization.k8s.io") || slices.Contains(rule.APIGroups, "authentication.k8s.io") {
			want = []string{"create"}
		}
		if !slices.Equal(rule.Verbs, want) {
			t.Errorf("%v %v: verbs %v, expected %v", rule.APIGroups, rule.Resources, rule.Verbs, want)
		}
		if slices.Contains(rule.Resources, "*") || slices.Contains(rule.APIGroups, "*") {
			t.Errorf("%v %v: a wildcard", rule.APIGroups, rule.Resources)
		}
	}
}

func TestUsersMayOnlyRead(t *testing.T) {
	role := &rbacv1.ClusterRole{}
	find(t, "tenantview.yaml", "ClusterRole", "tenantview-viewer", role)
	for _, rule := range role.Rules {
		if !slices.Equal(rule.APIGroups, []string{"tenantview.capsule.dev"}) || !slices.Equal(rule.Verbs, []string{"get", "list", "watch"}) {
			t.Errorf("rule %v", rule)
		}
	}
}

// While no replica is ready, no namespace in the cluster can be deleted.
func TestDeploymentSurvivesTheLossOfANode(t *testing.T) {
	deployment := &appsv1.Deployment{}
	find(t, "tenantview.yaml", "Deployment", "tenantview-apiserver", deployment)
	if n := deployment.Spec.Replicas; n == nil || *n < 2 {
		t.Errorf("replicas %v", n)
	}
	pod := deployment.Spec.Template.Spec
	if pod.PriorityClassName != "system-cluster-critical" {
		t.Errorf("priority class %q", pod.PriorityClassName)
	}
	if pod.Affinity == nil || pod.Affinity.PodAntiAffinity == nil {
		t.Error("nothing keeps the replicas apart")
	}
	if pod.ServiceAccountName != controlplane.ServerName || deployment.Namespace != controlplane.ServerNamespace {
		t.Errorf("runs as %s/%s", deployment.Namespace, pod.ServiceAccountName)
	}
}

// What a replica has told a client means nothing to another one.
func TestServiceKeepsClientsWithTheirReplica(t *testing.T) {
	service := &corev1.Service{}
	find(t, "tenantview.yaml", "Service", "tenantview-apiserver", service)
	if service.Spec.SessionAffinity != corev1.ServiceAffinityClientIP {
		t.Errorf("session affinity %q", service.Spec.SessionAffinity)
	}
}

// Each complete installation has one object of each of these, and kube-apiserver is told whom to trust: by the reader,
// or by cert-manager.
func TestInstallationsAreComplete(t *testing.T) {
	for file, more := range map[string][]string{
		"tenantview.yaml":   nil,
		"cert-manager.yaml": {"Certificate tenantview-apiserver-ca", "Issuer tenantview-apiserver-ca"},
	} {
		var got []string
		for _, object := range decode(t, file) {
			got = append(got, object.GetKind()+" "+object.GetName())
		}
		for _, want := range append([]string{
			"Namespace " + controlplane.ServerNamespace, "Deployment tenantview-apiserver", "Service tenantview-apiserver",
			"ServiceAccount tenantview-apiserver", "APIService " + controlplane.APIServiceName, "PodDisruptionBudget tenantview-apiserver",
		}, more...) {
			if !slices.Contains(got, want) {
				t.Errorf("%s has no %s", file, want)
			}
		}
	}
	for _, object := range decode(t, "cert-manager.yaml") {
		if object.GetKind() == "APIService" && object.GetAnnotations()["cert-manager.io/inject-ca-from"] == "" {
			t.Error("cert-manager is not asked to inject its CA")
		}
	}
}

// A file that adds a feature adds rights, and changes no more.
func TestAdditionsHoldOnlyRights(t *testing.T) {
	complete := []string{"tenantview.yaml", "cert-manager.yaml"}
	files, err := fs.Glob(artifacts.Files, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range slices.DeleteFunc(files, func(file string) bool { return slices.Contains(complete, file) }) {
		objects := decode(t, file)
		if len(objects) == 0 {
			t.Errorf("%s holds no object", file)
		}
		for _, object := range objects {
			if group := object.GroupVersionKind().Group; group != rbacv1.GroupName {
				t.Errorf("%s holds the %s %s", file, object.GetKind(), object.GetName())
			}
		}
	}
}

// Who applies the files has no release of helm.
func TestNothingBelongsToARelease(t *testing.T) {
	files, err := fs.Glob(artifacts.Files, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, object := range decode(t, file) {
			for key := range object.GetLabels() {
				if key == "app.kubernetes.io/managed-by" || key == "helm.sh/chart" {
					t.Errorf("%s: %s %s has the label %s", file, object.GetKind(), object.GetName(), key)
				}
			}
		}
	}
}

// The server may impersonate, which is bad enough, and the group that it adds may patch and delete exactly
// the objects of the kinds that can be granted.
func TestWritesNeedNoMore(t *testing.T) {
	rights := func(name string) map[string][]string {
		t.Helper()
		role := &rbacv1.ClusterRole{}
		find(t, "writes.yaml", "ClusterRole", name, role)
		verbs := make(map[string][]string)
		for _, rule := range role.Rules {
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					verbs[resource+"."+group] = rule.Verbs
				}
			}
		}
		return verbs
	}
	operators, editor := make(map[string][]string), make(map[string][]string)
	for _, kind := range kinds.All(kinds.Options{}) {
		if kind.Writable() {
			operators[kind.Upstream.Resource+"."+kind.Upstream.Group] = []string{"patch", "delete"}
			editor[kind.Resource+".tenantview.capsule.dev"] = []string{"update", "patch", "delete"}
		}
	}
	for name, want := range map[string]map[string][]string{
		"tenantview-apiserver-impersonator": {
			"users.": {"impersonate"}, "groups.": {"impersonate"}, "serviceaccounts.": {"impersonate"}, "*.authentication.k8s.io": {"impersonate"},
		},
		"tenantview-apiserver-operators": operators,
		"tenantview-editor":              editor,
	} {
		if diff := cmp.Diff(want, rights(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	binding := &rbacv1.ClusterRoleBinding{}
	find(t, "writes.yaml", "ClusterRoleBinding", "tenantview-apiserver-operators", binding)
	if want := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: impersonate.OperatorsGroup}}; !slices.Equal(binding.Subjects, want) {
		t.Errorf("the operators are %v, want %v", binding.Subjects, want)
	}
}
