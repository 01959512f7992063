// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

func podOf(t *testing.T, values string) corev1.PodSpec {
	t.Helper()
	return as[appsv1.Deployment](t, render(t, values), "Deployment/"+name).Spec.Template.Spec
}

// While no server is ready, all tenant kinds fail and no namespace can be deleted. So there are two, apart from each
// other, and no Pod goes before its successor is ready.
func TestAvailability(t *testing.T) {
	all := render(t, "{}")
	d := as[appsv1.Deployment](t, all, "Deployment/"+name)
	if *d.Spec.Replicas != 2 || d.Spec.Strategy.RollingUpdate.MaxUnavailable.IntVal != 0 {
		t.Errorf("%d replicas, maxUnavailable %v", *d.Spec.Replicas, d.Spec.Strategy.RollingUpdate.MaxUnavailable)
	}
	pod := d.Spec.Template.Spec
	if pod.PriorityClassName != "system-cluster-critical" {
		t.Errorf("priority %q", pod.PriorityClassName)
	}
	apart := pod.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution[0].PodAffinityTerm
	budget := as[policyv1.PodDisruptionBudget](t, all, "PodDisruptionBudget/"+name)
	if *budget.Spec.MaxUnavailable != intstr.FromInt32(1) || budget.Spec.MinAvailable != nil {
		t.Errorf("budget %+v", budget.Spec)
	}
	// What selects Pods selects those of the Deployment.
	for title, selector := range map[string]map[string]string{
		"Deployment": d.Spec.Selector.MatchLabels, "anti-affinity": apart.LabelSelector.MatchLabels,
		"spread": pod.TopologySpreadConstraints[0].LabelSelector.MatchLabels, "budget": budget.Spec.Selector.MatchLabels,
		"Service":       as[corev1.Service](t, all, "Service/"+name).Spec.Selector,
		"NetworkPolicy": as[networkingv1.NetworkPolicy](t, all, "NetworkPolicy/"+name).Spec.PodSelector.MatchLabels,
	} {
		for label, value := range selector {
			if d.Spec.Template.Labels[label] != value {
				t.Errorf("%s selects %s=%s, the Pods have %q", title, label, value, d.Spec.Template.Labels[label])
			}
		}
		if len(selector) != 2 {
			t.Errorf("%s selects by %v", title, selector)
		}
	}
	// The Pod of "helm test" must get no requests.
	check := as[corev1.Pod](t, all, "Pod/"+name+"-check")
	if check.Spec.Containers[0].Ports != nil || check.Annotations["helm.sh/hook"] != "test" {
		t.Errorf("the check: %v, %v", check.Annotations, check.Spec.Containers[0].Ports)
	}
	if labels.SelectorFromSet(d.Spec.Selector.MatchLabels).Matches(labels.Set(check.Labels)) {
		t.Errorf("the check is selected as a server: %v", check.Labels)
	}
}

// The Pods must run where the restricted profile of Pod security is enforced.
func TestPodsAreRestricted(t *testing.T) {
	all := render(t, "audit: {enabled: true, logPath: /var/log/tenantview/audit.log}")
	for title, pod := range map[string]corev1.PodSpec{
		"server": as[appsv1.Deployment](t, all, "Deployment/"+name).Spec.Template.Spec, "check": as[corev1.Pod](t, all, "Pod/"+name+"-check").Spec,
	} {
		if s := pod.SecurityContext; !*s.RunAsNonRoot || *s.RunAsUser != 65532 || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			t.Errorf("%s: %+v", title, s)
		}
		for i := range pod.Containers {
			want := &corev1.SecurityContext{
				AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true),
				Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			}
			if diff := cmp.Diff(want, pod.Containers[i].SecurityContext); diff != "" {
				t.Errorf("%s (-want +got):\n%s", title, diff)
			}
		}
		if pod.AutomountServiceAccountToken == nil || !*pod.AutomountServiceAccountToken {
			t.Errorf("%s has no token", title)
		}
	}
	if account := as[corev1.ServiceAccount](t, all, "ServiceAccount/"+name); *account.AutomountServiceAccountToken {
		t.Error("every Pod that uses the account gets its token")
	}
}

// The Pod must get the time that the server takes to stop.
func TestTerminationGracePeriod(t *testing.T) {
	for values, want := range map[string]int64{
		"{}":                       75,
		"shutdownDelaySeconds: 30": 100,
		"{shutdownDelaySeconds: 30, terminationGracePeriodSeconds: 40}": 40,
	} {
		if got := *podOf(t, values).TerminationGracePeriodSeconds; got != want {
			t.Errorf("%s: %d s, want %d", values, got, want)
		}
	}
}

func TestGoMemLimit(t *testing.T) {
	for values, want := range map[string]string{
		"{}":                                          "921MiB",
		"resources: {limits: {memory: 1.5Gi}}":        "1382MiB",
		"resources: {limits: {memory: 512Mi}}":        "460MiB",
		"resources: {limits: {memory: 1000M}}":        "858MiB",
		"resources: {limits: {memory: 2000000000}}":   "1716MiB",
		"goMemLimit: 500MiB":                          "500MiB",
		"goMemLimit: 'off'":                           "off",
		"resources: {limits: null}":                   "",
		"resources: null":                             "",
		"extraEnv: [{name: GOMEMLIMIT, value: 1GiB}]": "1GiB",
	} {
		expectEnv(t, values, "GOMEMLIMIT", want)
	}
}

// expectEnv checks a variable of the server's environment, which must not be set twice; "" if it is not set.
func expectEnv(t *testing.T, values, name, want string) {
	t.Helper()
	got := ""
	for _, v := range podOf(t, values).Containers[0].Env {
		if v.Name == name {
			got += v.Value
		}
	}
	if got != want {
		t.Errorf("%s: %s=%s, want %s", values, name, got, want)
	}
}

func TestGoGC(t *testing.T) {
	for values, want := range map[string]string{
		"{}":                                    "",
		"goGC: null":                            "",
		"goGC: 999999":                          "999999",
		"goGC: 50":                              "50",
		"goGC: '75'":                            "75",
		"goGC: 'off'":                           "off",
		"extraEnv: [{name: GOGC, value: '30'}]": "30",
		"{goGC: 50, extraEnv: [{name: GOGC, value: '30'}]}":    "30",
		"{goGC: 50, goMemLimit: 1GiB, resources: null}":        "50",
		"{goGC: 50, extraEnv: [{name: GOMEMLIMIT, value: a}]}": "50",
	} {
		expectEnv(t, values, "GOGC", want)
	}
}

// On the network of the node, the Pod must still find names in the cluster, and use the port that is free.
func TestHostNetwork(t *testing.T) {
	pod := podOf(t, "{hostNetwork: true, securePort: 10443}")
	if !pod.HostNetwork || pod.DNSPolicy != corev1.DNSClusterFirstWithHostNet {
		t.Errorf("host network %v, DNS policy %s", pod.HostNetwork, pod.DNSPolicy)
	}
	c := pod.Containers[0]
	if c.Ports[0].ContainerPort != 10443 || !slices.Contains(c.Args, "--secure-port=10443") {
		t.Errorf("ports %v, arguments %v", c.Ports, c.Args)
	}
}

// The NetworkPolicy must allow the port on which the server listens, by its number.
func TestNetworkPolicyAllowsThePort(t *testing.T) {
	for values, want := range map[string]int{"{}": 8443, "securePort: 10443": 10443} {
		policy := as[networkingv1.NetworkPolicy](t, render(t, values), "NetworkPolicy/"+name)
		if got := policy.Spec.Ingress[0].Ports[0].Port; *got != intstr.FromInt(want) {
			t.Errorf("%s: port %v, want %d", values, got, want)
		}
	}
}

// The server reads the audit policy and the tracing configuration when it starts, so a change must restart it. It
// reads its certificate again by itself, so a certificate must not.
func TestWhatRestartsThePods(t *testing.T) {
	annotation := func(values string) string {
		return as[appsv1.Deployment](t, render(t, values), "Deployment/"+name).Spec.Template.Annotations["checksum/config"]
	}
	policy := annotation("{certificates: {source: cert-manager}, audit: {enabled: true}}")
	other := annotation("{certificates: {source: cert-manager}, audit: {enabled: true, rules: [{level: None}]}}")
	traced := annotation("{certificates: {source: cert-manager}, tracing: {enabled: true, endpoint: 'a:1'}}")
	elsewhere := annotation("{certificates: {source: cert-manager}, tracing: {enabled: true, endpoint: 'b:1'}}")
	if policy == "" || policy == other || traced == "" || traced == elsewhere {
		t.Errorf("checksums %q, %q, %q, %q", policy, other, traced, elsewhere)
	}
	before := as[appsv1.Deployment](t, render(t, "{}"), "Deployment/"+name)
	again, err := helm(t, "{}", "template", release, chart, "--namespace="+namespace)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, as[appsv1.Deployment](t, decode(t, again), "Deployment/"+name)); diff != "" {
		t.Errorf("another certificate changes the Deployment:\n%s", diff)
	}
}

// An image can be named by its digest, and come from a mirror.
func TestImage(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0", 64)
	for values, want := range map[string]string{
		"image: {tag: v1}": "ghcr.io/tenantview/tenantview-apiserver:v1",
		"image: {registry: 'mirror.example.com:5000', tag: v1, digest: '" + digest + "'}": "mirror.example.com:5000/tenantview/tenantview-apiserver@" + digest,
	} {
		if got := podOf(t, values).Containers[0].Image; got != want {
			t.Errorf("%s: %s, want %s", values, got, want)
		}
	}
}

// An annotation that the values also give is rendered once, with their value.
func TestDefaultContainerCanBeAnother(t *testing.T) {
	const key = "kubectl.kubernetes.io/default-container"
	for values, want := range map[string]string{"{}": name, "podAnnotations: {" + key + ": other}": "other"} {
		if got := as[appsv1.Deployment](t, render(t, values), "Deployment/"+name).Spec.Template.Annotations[key]; got != want {
			t.Errorf("%s: %q, want %q", values, got, want)
		}
		if count := strings.Count(manifest(t, values), key+":"); count != 1 {
			t.Errorf("%s: rendered %d times", values, count)
		}
	}
}

// The autoscaler sets the number of replicas. An upgrade repeats it: if it left it out, there would be one.
func TestAutoscalingKeepsReplicas(t *testing.T) {
	const values = "{autoscaling: {enabled: true}, certificates: {source: cert-manager}}"
	live := owned("apps/v1", "Deployment", release, namespace)
	if err := unstructured.SetNestedField(live.Object, int64(4), "spec", "replicas"); err != nil {
		t.Fatal(err)
	}
	all, err := cluster{"/apis/apps/v1/namespaces/" + namespace + "/deployments/" + name: live}.renderIn(t, values)
	if err != nil {
		t.Fatal(err)
	}
	if got := as[appsv1.Deployment](t, all, "Deployment/"+name).Spec.Replicas; got == nil || *got != 4 {
		t.Errorf("upgrade: %v replicas, want 4", ptr.Deref(got, 0))
	}
	if got := as[appsv1.Deployment](t, render(t, values), "Deployment/"+name).Spec.Replicas; got != nil {
		t.Errorf("installation: %d replicas", *got)
	}
}
