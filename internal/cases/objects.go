// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

type object = unstructured.Unstructured

// fields parses YAML. It panics if the YAML is invalid, because the tables are constant.
func fields(source string) map[string]any {
	data, err := yaml.YAMLToJSON([]byte(source))
	if err != nil {
		panic(fmt.Sprintf("%v in:\n%s", err, source))
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		panic(fmt.Sprintf("%v in:\n%s", err, source))
	}
	return m
}

// newObject returns an object with labels and other top-level fields, both in YAML.
func newObject(apiVersion, kind, name, labels, rest string) *object {
	o := &object{Object: map[string]any{}}
	for key, value := range fields(rest) {
		o.Object[key] = value
	}
	o.SetAPIVersion(apiVersion)
	o.SetKind(kind)
	o.SetName(name)
	if set := fields(labels); len(set) > 0 {
		if err := unstructured.SetNestedMap(o.Object, set, "metadata", "labels"); err != nil {
			panic(err)
		}
	}
	return o
}

// tenant returns a Tenant from parts of its spec in YAML, such as
// "storageClasses: {allowed: [gold]}".
func tenant(name string, spec ...string) *object {
	all := map[string]any{"owners": []any{}}
	for _, part := range spec {
		for key, value := range fields(part) {
			all[key] = value
		}
	}
	o := newObject("capsule.clastix.io/v1beta2", "Tenant", name, "", "")
	o.Object["spec"] = all
	return o
}

// withStatus adds a status to an object.
func withStatus(o *object, status string) *object {
	o.Object["status"] = fields(status)
	return o
}

func withLabels(o *object, labels map[string]string) *object {
	o.SetLabels(labels)
	return o
}

// ownedBy returns the part of a Tenant's spec that names its owners, each given as "Kind name".
func ownedBy(owners ...string) string { return "owners: " + subjects(owners...) }

// subjects returns subjects in YAML, each given as "Kind name".
func subjects(named ...string) string {
	list := make([]string, 0, len(named))
	for _, s := range named {
		kind, name, _ := strings.Cut(s, " ")
		list = append(list, fmt.Sprintf("{kind: %q, name: %q}", kind, name))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// namespaceOf returns a namespace as Capsule creates it in a Tenant.
func namespaceOf(tenant, name string) *object {
	return withOwners(namespace(name, `{capsule.clastix.io/tenant: `+tenant+`}`), ownerRef(tenant))
}

// namespace returns a namespace without a Tenant, with labels.
func namespace(name, labels string) *object { return newObject("v1", "Namespace", name, labels, "") }

func ownerRef(tenant string) metav1.OwnerReference {
	return metav1.OwnerReference{
		APIVersion: "capsule.clastix.io/v1beta2", Kind: "Tenant", Name: tenant, UID: types.UID(uidPlaceholder + tenant),
	}
}

func withOwners(o *object, owners ...metav1.OwnerReference) *object {
	o.SetOwnerReferences(owners)
	return o
}

func storageClass(name, labels string) *object {
	return newObject("storage.k8s.io/v1", "StorageClass", name, labels, "provisioner: example.com/disk")
}

func ingressClass(name, labels string) *object {
	return newObject("networking.k8s.io/v1", "IngressClass", name, labels, "spec: {controller: example.com/ingress}")
}

func priorityClass(name, labels string) *object {
	return newObject("scheduling.k8s.io/v1", "PriorityClass", name, labels, "value: 1000")
}

func runtimeClass(name, labels string) *object {
	return newObject("node.k8s.io/v1", "RuntimeClass", name, labels, "handler: example")
}

func node(name, labels string) *object { return newObject("v1", "Node", name, labels, "") }

// volume returns a PersistentVolume. claim is NAMESPACE/NAME, or empty.
func volume(name, labels, claim string) *object {
	o := newObject("v1", "PersistentVolume", name, labels, `
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: gold
  hostPath: {path: /tmp/volume}`)
	if namespace, claimName, ok := strings.Cut(claim, "/"); ok {
		ref := map[string]any{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace, "name": claimName}
		if err := unstructured.SetNestedMap(o.Object, ref, "spec", "claimRef"); err != nil {
			panic(err)
		}
	}
	return o
}

// inPhase gives a volume a phase.
func inPhase(phase corev1.PersistentVolumePhase, volume *object) *object {
	return withStatus(volume, "{phase: "+string(phase)+"}")
}

// createdAt sets the creation time of an object, as kube-apiserver would.
func createdAt(time string, o *object) *object {
	if err := unstructured.SetNestedField(o.Object, time, "metadata", "creationTimestamp"); err != nil {
		panic(err)
	}
	return o
}

// proxySetting returns a ProxySetting from its subjects, in YAML.
func proxySetting(namespace, name string, subjects ...string) *object {
	o := newObject("capsule.clastix.io/v1beta1", "ProxySetting", name, "", "spec: {subjects: ["+strings.Join(subjects, ", ")+"]}")
	o.SetNamespace(namespace)
	return o
}

// globalSetting returns a GlobalProxySettings from its rules, in YAML.
func globalSetting(name string, rules ...string) *object {
	return newObject("capsule.clastix.io/v1beta1", "GlobalProxySettings", name, "", "spec: {rules: ["+strings.Join(rules, ", ")+"]}")
}

// rule returns a rule of a GlobalProxySettings from its cluster resources, in YAML.
func rule(subjects string, resources ...string) string {
	return "{subjects: " + subjects + ", clusterResources: [" + strings.Join(resources, ", ") + "]}"
}

// configuration returns the only CapsuleConfiguration that Capsule reads.
func configuration(spec string) *object {
	return newObject("capsule.clastix.io/v1beta2", "CapsuleConfiguration", "default", "", "spec: "+spec)
}

func roleBinding(namespace, name, role, subjects string) *object {
	kind, roleName, _ := strings.Cut(role, " ")
	o := newObject("rbac.authorization.k8s.io/v1", "RoleBinding", name, "",
		fmt.Sprintf("{roleRef: {apiGroup: rbac.authorization.k8s.io, kind: %s, name: %s}, subjects: %s}", kind, roleName, subjects))
	o.SetNamespace(namespace)
	return o
}

// rbacSubject returns a subject of a RoleBinding: a User or a Group.
func rbacSubject(kind, name string) string {
	return fmt.Sprintf("[{apiGroup: rbac.authorization.k8s.io, kind: %s, name: %q}]", kind, name)
}

func clusterRole(name, rules string) *object {
	return newObject("rbac.authorization.k8s.io/v1", "ClusterRole", name, "", "rules: "+rules)
}

func role(namespace, name, rules string) *object {
	o := newObject("rbac.authorization.k8s.io/v1", "Role", name, "", "rules: "+rules)
	o.SetNamespace(namespace)
	return o
}

func cutPrefix(uid types.UID, prefix string) (string, bool) {
	return strings.CutPrefix(string(uid), prefix)
}

// cluster returns objects of every kind. Some belong to the Tenant solar, some to wind, and some to
// no Tenant. The Tenants themselves are not included.
func cluster() []*object {
	return []*object{
		namespaceOf("solar", "solar-a"), namespaceOf("solar", "solar-b"), namespaceOf("wind", "wind-a"), namespace("plain", ""),
		storageClass("gold", ""), storageClass("silver", ""), storageClass("tin", ""),
		ingressClass("public", ""), ingressClass("internal", ""), ingressClass("spare", ""),
		priorityClass("batch", ""), priorityClass("urgent", ""), priorityClass("idle", ""),
		runtimeClass("kata", ""), runtimeClass("gvisor", ""), runtimeClass("runc", ""),
		node("solar-1", "{pool: solar}"), node("solar-2", "{pool: solar}"), node("wind-1", "{pool: wind}"), node("spare-1", ""),
		volume("solar-data", "", "solar-a/data"), volume("wind-data", "", "wind-a/data"), volume("free", "", ""),
	}
}

// solarSpec and windSpec are the specs of the Tenants of cluster.
const (
	solarSpec = `
nodeSelector: {pool: solar}
storageClasses: {allowed: [gold]}
ingressOptions: {allowedClasses: {allowed: [public]}}
priorityClasses: {allowed: [batch]}
runtimeClasses: {allowed: [kata]}`
	windSpec = `
nodeSelector: {pool: wind}
storageClasses: {allowed: [silver]}
ingressOptions: {allowedClasses: {allowed: [internal]}}
priorityClasses: {allowed: [urgent]}
runtimeClasses: {allowed: [gvisor]}`
)

// ofSolar, ofWind and ofBoth return the objects that the Tenants of cluster may see.
func ofSolar() Names {
	return Names{
		"namespaces": {"solar-a", "solar-b"}, "nodes": {"solar-1", "solar-2"}, "persistentvolumes": {"solar-data"},
		"storageclasses": {"gold"}, "ingressclasses": {"public"}, "priorityclasses": {"batch"}, "runtimeclasses": {"kata"},
	}
}

func ofWind() Names {
	return Names{
		"namespaces": {"wind-a"}, "nodes": {"wind-1"}, "persistentvolumes": {"wind-data"},
		"storageclasses": {"silver"}, "ingressclasses": {"internal"}, "priorityclasses": {"urgent"}, "runtimeclasses": {"gvisor"},
	}
}

func ofBoth() Names {
	return Names{
		"namespaces": {"solar-a", "solar-b", "wind-a"}, "nodes": {"solar-1", "solar-2", "wind-1"},
		"persistentvolumes": {"solar-data", "wind-data"}, "storageclasses": {"gold", "silver"},
		"ingressclasses": {"internal", "public"}, "priorityclasses": {"batch", "urgent"}, "runtimeclasses": {"gvisor", "kata"},
	}
}

// in returns the Tenants, the objects of cluster, and more.
func in(tenants []*object, more ...*object) []*object {
	return append(append(tenants, cluster()...), more...)
}

// terminating is a minimal namespace status.
var terminating = fmt.Sprintf("{phase: %s}", corev1.NamespaceTerminating)
