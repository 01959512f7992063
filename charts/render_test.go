// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation"
)

// always are the objects that the defaults render.
var always = []string{
	"APIService/v1alpha1.tenantview.capsule.dev", "ClusterRole/" + name, "ClusterRole/" + name + "-check",
	"ClusterRole/tenantview-reviewer", "ClusterRole/tenantview-viewer", "ClusterRoleBinding/" + name, "ClusterRoleBinding/" + name + "-check",
	"ClusterRoleBinding/tenantview-viewer", "Deployment/" + name, "FlowSchema/" + name, "NetworkPolicy/" + name,
	"Pod/" + name + "-check", "PodDisruptionBudget/" + name, "PriorityLevelConfiguration/" + name,
	"RoleBinding/" + name + "-auth-reader", "Secret/" + name + "-serving", "Service/" + name, "ServiceAccount/" + name,
	"ServiceAccount/" + name + "-check",
}

// branches are values that add objects to the default ones, or leave some out.
var branches = map[string]struct {
	values        string
	with, without []string
}{
	"default": {},
	"writes": {
		values: "writes: {enabled: true}",
		with: []string{
			"ClusterRole/tenantview-editor", "ClusterRoleBinding/tenantview-editor",
			"ClusterRole/" + name + "-impersonator", "ClusterRoleBinding/" + name + "-impersonator",
			"ClusterRole/" + name + "-operators", "ClusterRoleBinding/" + name + "-operators",
		},
	},
	"nobody may ask": {
		values:  "users: {groups: []}",
		without: []string{"ClusterRoleBinding/tenantview-viewer"},
	},
	"definitions": {
		values: "crds: {install: true, annotations: {a: b}}",
		with: []string{
			"CustomResourceDefinition/proxysettings.capsule.clastix.io",
			"CustomResourceDefinition/globalproxysettings.capsule.clastix.io",
		},
	},
	"cert-manager with a CA of its own": {
		values: "certificates: {source: cert-manager}",
		with: []string{
			"Certificate/" + name + "-ca", "Certificate/" + name + "-cert-manager", "Issuer/" + name + "-ca",
			"Issuer/" + name + "-selfsigned",
		},
		without: []string{"Secret/" + name + "-serving"},
	},
	"cert-manager with an issuer": {
		values:  "certificates: {source: cert-manager, certManager: {issuerRef: {name: internal, kind: ClusterIssuer}}}",
		with:    []string{"Certificate/" + name + "-cert-manager"},
		without: []string{"Secret/" + name + "-serving"},
	},
	"given certificate": {
		values:  "certificates: {source: secret, caBundle: " + certificate + ", secret: {name: given}}",
		without: []string{"Secret/" + name + "-serving"},
	},
	"no APIService": {
		values:  "apiService: {create: false}",
		without: []string{"APIService/v1alpha1.tenantview.capsule.dev"},
	},
	"autoscaling": {
		values: "autoscaling: {enabled: true, targetMemoryUtilizationPercentage: 70}",
		with:   []string{"HorizontalPodAutoscaler/" + name},
	},
	"quota": {
		values: "resourceQuota: {enabled: true}",
		with:   []string{"ResourceQuota/" + name},
	},
	"no disruption budget": {
		values:  "podDisruptionBudget: {enabled: false}",
		without: []string{"PodDisruptionBudget/" + name},
	},
	"host network": {
		values:  "{hostNetwork: true, securePort: 10443}",
		without: []string{"NetworkPolicy/" + name},
	},
	"network policy with peers": {
		values: "networkPolicy: {from: [{ipBlock: {cidr: 10.0.0.0/28}}], egress: [{ports: [{port: 443}]}]}",
	},
	"no network policy": {
		values:  "networkPolicy: {enabled: false}",
		without: []string{"NetworkPolicy/" + name},
	},
	"no priority level": {
		values:  "priorityAndFairness: {enabled: false}",
		without: []string{"FlowSchema/" + name, "PriorityLevelConfiguration/" + name},
	},
	"existing priority level": {
		values:  "priorityAndFairness: {existingPriorityLevel: workload-high}",
		without: []string{"PriorityLevelConfiguration/" + name},
	},
	"existing account": {
		values:  "serviceAccount: {create: false, name: other}",
		without: []string{"ServiceAccount/" + name},
	},
	"no roles": {
		values: "{rbac: {create: false}, writes: {enabled: true}, metrics: {readers: [{name: a, namespace: b}]}}",
		without: []string{
			"ClusterRole/" + name, "ClusterRoleBinding/" + name, "RoleBinding/" + name + "-auth-reader",
			"ClusterRole/tenantview-viewer", "ClusterRoleBinding/tenantview-viewer", "ClusterRole/tenantview-reviewer",
			"ClusterRole/" + name + "-check", "ClusterRoleBinding/" + name + "-check",
		},
	},
	"audit to standard output": {values: "audit: {enabled: true}", with: []string{"ConfigMap/" + name + "-audit"}},
	"audit to a file": {
		values: "audit: {enabled: true, logPath: /var/log/tenantview/audit.log}",
		with:   []string{"ConfigMap/" + name + "-audit"},
	},
	"tracing": {
		values: "tracing: {enabled: true, endpoint: 'collector.monitoring.svc:4317'}",
		with:   []string{"ConfigMap/" + name + "-tracing"},
	},
	"audit and tracing": {
		values: "{audit: {enabled: true}, tracing: {enabled: true, endpoint: 'collector.monitoring.svc:4317'}}",
		with:   []string{"ConfigMap/" + name + "-audit", "ConfigMap/" + name + "-tracing"},
	},
	"metrics": {
		values: `
metrics:
  readers: [{name: prometheus-k8s, namespace: monitoring}]
  serviceMonitor: {enabled: true, relabelings: [{action: labeldrop, regex: pod}], metricRelabelings: [{action: labeldrop, regex: pod}]}
  prometheusRule: {enabled: true}
  dashboard: {enabled: true}`,
		with: []string{
			"ClusterRole/" + name + "-metrics-reader", "ClusterRoleBinding/" + name + "-metrics-reader",
			"ServiceMonitor/" + name, "PrometheusRule/" + name, "ConfigMap/" + name + "-dashboard",
		},
	},
	"metrics with other credentials": {
		values: `
metrics:
  serviceMonitor: {enabled: true, authorization: {credentials: {name: token, key: token}}, tlsConfig: {serverName: a, ca: {configMap: {name: a, key: b}}}}`,
		with: []string{"ServiceMonitor/" + name},
	},
	"extras": {
		values: `
extraArgs: [--tls-min-version=VersionTLS13]
extraEnv: [{name: A, value: b}, {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
extraVolumes: [{name: a, emptyDir: {}}]
extraVolumeMounts: [{name: a, mountPath: /a}]
imagePullSecrets: [{name: pull}]
podAnnotations: {a: b}
podLabels: {a: b}
commonLabels: {c: d}
deploymentAnnotations: {a: b}
service: {ipFamilyPolicy: PreferDualStack, annotations: {a: b}}
serviceAccount: {annotations: {a: b}}
tolerations: [{operator: Exists}]
affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]}}}
strategy: {type: Recreate}
podDisruptionBudget: {minAvailable: 50%}
users: {groups: [tenants], subjects: [{kind: ServiceAccount, name: a, namespace: b}], aggregateTo: {view: true, edit: true, admin: true}}
apiService: {annotations: {a: b}}`,
	},
}

const certificate = `"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"`

func TestBranches(t *testing.T) {
	for branch, tc := range branches {
		t.Run(branch, func(t *testing.T) {
			t.Parallel()
			want := slices.Concat(always, tc.with)
			want = slices.DeleteFunc(want, func(key string) bool { return slices.Contains(tc.without, key) })
			slices.Sort(want)
			all := render(t, tc.values)
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(all))); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			requireWellFormed(t, all)
		})
	}
}

// The examples in the folder of the chart must be usable as they are.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(chart, "examples", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			values, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			requireWellFormed(t, render(t, string(values)))
			if _, err := helm(t, string(values), "lint", "--strict", chart); err != nil {
				t.Error(err)
			}
		})
	}
}

// A cluster may have other names than the documented ones, and long ones.
func TestNames(t *testing.T) {
	long := strings.Repeat("n", 63)
	for title, values := range map[string]string{
		"default":          "{}",
		"fullnameOverride": "{fullnameOverride: views, writes: {enabled: true}}",
		"long":             "{fullnameOverride: " + long + ", nameOverride: " + long + ", writes: {enabled: true}, crds: {install: true}, certificates: {source: cert-manager}}",
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			// 53 characters are the most that helm allows.
			out, err := helm(t, values, "template", strings.Repeat("r", 53), chart, "--namespace="+strings.Repeat("s", 63))
			if err != nil {
				t.Fatal(err)
			}
			requireWellFormed(t, decode(t, out))
		})
	}
}

// requireWellFormed checks what holds for every object: its labels, its namespace, and names that Kubernetes accepts.
func requireWellFormed(t *testing.T, all objects) {
	t.Helper()
	for key, object := range all {
		labels := object.GetLabels()
		for _, label := range []string{"name", "instance", "version", "managed-by", "part-of"} {
			if labels["app.kubernetes.io/"+label] == "" {
				t.Errorf("%s has no label app.kubernetes.io/%s", key, label)
			}
		}
		for label, value := range labels {
			if errs := slices.Concat(validation.IsQualifiedName(label), validation.IsValidLabelValue(value)); len(errs) > 0 {
				t.Errorf("%s: label %s=%s: %v", key, label, value, errs)
			}
		}
		valid := validation.IsDNS1123Subdomain
		if object.GetKind() == "Service" {
			valid = validation.IsDNS1035Label
		}
		if errs := valid(object.GetName()); len(errs) > 0 {
			t.Errorf("%s: name: %v", key, errs)
		}
	}
}
