// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package capsule_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"capsule.dev/tenantview/pkg/apis/capsule"
)

// read returns the object that a dynamic client reads from that JSON.
func read(t testing.TB, data []byte) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal(data, &u.Object); err != nil {
		t.Fatalf("%v in:\n%s", err, data)
	}
	return u
}

func parse(t testing.TB, source string) *unstructured.Unstructured {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return read(t, data)
}

// A Tenant must have the same meaning if Capsule wrote it years ago, or if a future version writes
// it with unknown fields.
func TestDecodeTenants(t *testing.T) {
	const uid = "0d7c1f6e-0000-4000-8000-000000000001"
	user := func(name string) capsule.Subject { return capsule.Subject{Kind: "User", Name: name} }
	want := map[string]*capsule.Tenant{
		// Capsule 0.2: no owners in the status.
		"tenant-oldest.json": {
			Meta: capsule.Meta{Name: "orchard", UID: uid, ResourceVersion: "17"},
			Spec: capsule.TenantSpec{
				Owners: []capsule.Owner{
					{Subject: user("pat"), ProxySettings: []capsule.ProxyOperations{{Kind: "Nodes", Operations: []string{"List"}}}},
					{Subject: capsule.Subject{Kind: "Group", Name: "pickers"}},
				},
				NodeSelector:   map[string]string{"field": "north"},
				StorageClasses: &capsule.ClassList{Allowed: []string{"crate"}, AllowedRegex: "^box-"},
				IngressOptions: capsule.IngressOptions{AllowedClasses: &capsule.ClassList{Allowed: []string{"gate"}}},
			},
		},
		// Capsule 0.14: more fields than this package reads.
		"tenant-newest.json": {
			Meta: capsule.Meta{Name: "orchard", UID: uid, ResourceVersion: "4711"},
			Spec: capsule.TenantSpec{
				Owners:         []capsule.Owner{{Subject: user("pat")}},
				StorageClasses: &capsule.ClassList{},
				PriorityClasses: &capsule.ClassList{
					Default: "ripe", LabelSelector: metav1.LabelSelector{MatchLabels: map[string]string{"harvest": "now"}}},
				RuntimeClasses: &capsule.ClassList{LabelSelector: metav1.LabelSelector{
					MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "box", Operator: "In", Values: []string{"wood", "steel"}}}}},
			},
			Status: capsule.TenantStatus{Owners: []capsule.Subject{
				user("pat"), {Kind: "ServiceAccount", Name: "system:serviceaccount:orchard-east:robot"}}},
		},
	}
	files, err := filepath.Glob("testdata/tenant-*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(want) {
		t.Errorf("%d files, want %d", len(files), len(want))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			u := read(t, data)
			before := u.DeepCopy()
			got, err := capsule.Decode[capsule.Tenant](u)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want[filepath.Base(file)], got); diff != "" {
				t.Errorf("Tenant (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, u); diff != "" {
				t.Errorf("the decoded object has changed (-before +after):\n%s", diff)
			}
		})
	}
}

// An absent list shows what the policy says. An empty list shows nothing. To confuse the two would
// show all classes to users who may see none.
func TestDecodeClassLists(t *testing.T) {
	cases := map[string]struct {
		spec string
		want capsule.TenantSpec
	}{
		"no spec":             {spec: "null"},
		"absent":              {spec: "{}"},
		"null":                {spec: "{storageClasses: null, priorityClasses: null, runtimeClasses: null, ingressOptions: null}"},
		"empty":               {spec: "{storageClasses: {}, priorityClasses: {}, runtimeClasses: {}}", want: capsule.TenantSpec{StorageClasses: &capsule.ClassList{}, PriorityClasses: &capsule.ClassList{}, RuntimeClasses: &capsule.ClassList{}}},
		"no ingress options":  {spec: "{ingressOptions: {}}"},
		"ingress, null":       {spec: "{ingressOptions: {allowedClasses: null}}"},
		"ingress, empty":      {spec: "{ingressOptions: {allowedClasses: {}}}", want: capsule.TenantSpec{IngressOptions: capsule.IngressOptions{AllowedClasses: &capsule.ClassList{}}}},
		"unknown fields only": {spec: "{storageClasses: {disallowed: [a]}, somethingElse: 1}", want: capsule.TenantSpec{StorageClasses: &capsule.ClassList{}}},
		"empty inside":        {spec: "{storageClasses: {allowed: [], allowedRegex: '', default: '', matchLabels: {}, matchExpressions: []}}", want: capsule.TenantSpec{StorageClasses: &capsule.ClassList{Allowed: []string{}, LabelSelector: metav1.LabelSelector{MatchLabels: map[string]string{}, MatchExpressions: []metav1.LabelSelectorRequirement{}}}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := capsule.Decode[capsule.Tenant](parse(t, "{kind: Tenant, metadata: {name: t}, spec: "+tc.spec+"}"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&capsule.Tenant{Meta: capsule.Meta{Name: "t"}, Spec: tc.want}, got); diff != "" {
				t.Errorf("Tenant (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeStatus(t *testing.T) {
	for name, status := range map[string]string{
		"absent": "", "null": "status: null", "empty": "status: {}", "null namespaces": "status: {namespaces: null, size: 0}",
		"no namespaces": "status: {namespaces: []}", "null owners": "status: {owners: null}", "other types elsewhere": "status: {namespaces: 7, classes: [], conditions: {}}",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := capsule.Decode[capsule.Tenant](parse(t, "kind: Tenant\nmetadata: {name: t}\n"+status))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&capsule.Tenant{Meta: capsule.Meta{Name: "t"}}, got); diff != "" {
				t.Errorf("Tenant (-want +got):\n%s", diff)
			}
		})
	}
}

// A value of another type must be an error. If it counted as absent, it would show too much.
func TestDecodeWrongTypes(t *testing.T) {
	tenants := []string{
		"metadata: []", "metadata: {name: 1}", "metadata: {name: t, uid: {}}", "spec: []", "spec: text", "status: []", "status: true",
		"spec: {owners: {}}", "spec: {owners: text}", "spec: {owners: [text]}", "spec: {owners: [[]]}", "spec: {owners: [{kind: 1}]}", "spec: {owners: [{name: []}]}",
		"spec: {owners: [{proxySettings: {}}]}", "spec: {owners: [{proxySettings: [List]}]}", "spec: {owners: [{proxySettings: [{kind: 1}]}]}",
		"spec: {owners: [{proxySettings: [{operations: List}]}]}", "spec: {owners: [{proxySettings: [{operations: [1]}]}]}",
		"spec: {nodeSelector: []}", "spec: {nodeSelector: text}", "spec: {nodeSelector: {a: 1}}", "spec: {nodeSelector: {a: true}}", "spec: {nodeSelector: {a: {}}}",
		"spec: {storageClasses: []}", "spec: {storageClasses: gold}", "spec: {storageClasses: {allowed: gold}}", "spec: {storageClasses: {allowed: {}}}", "spec: {storageClasses: {allowed: [1]}}",
		"spec: {priorityClasses: {allowedRegex: []}}", "spec: {priorityClasses: {default: 1}}", "spec: {priorityClasses: false}",
		"spec: {runtimeClasses: {matchLabels: []}}", "spec: {runtimeClasses: {matchLabels: {a: 1}}}", "spec: {runtimeClasses: {matchExpressions: {}}}",
		"spec: {runtimeClasses: {matchExpressions: [{key: 1}]}}", "spec: {runtimeClasses: {matchExpressions: [{operator: []}]}}", "spec: {runtimeClasses: {matchExpressions: [{values: a}]}}",
		"spec: {ingressOptions: []}", "spec: {ingressOptions: {allowedClasses: []}}", "spec: {ingressOptions: {allowedClasses: {allowed: [{}]}}}",
		"status: {owners: {}}", "status: {owners: [text]}", "status: {owners: [{name: 1}]}",
	}
	wrong[capsule.Tenant](t, "Tenant", tenants)
	wrong[capsule.ProxySetting](t, "ProxySetting", []string{
		"metadata: {namespace: 1}", "spec: []", "spec: {subjects: {}}", "spec: {subjects: [text]}", "spec: {subjects: [{kind: []}]}", "spec: {subjects: [{proxySettings: {}}]}",
		"spec: {subjects: [{clusterResources: {}}]}", "spec: {subjects: [{clusterResources: [{apiGroups: text}]}]}", "spec: {subjects: [{clusterResources: [{resources: [1]}]}]}",
		"spec: {subjects: [{clusterResources: [{operations: {}}]}]}", "spec: {subjects: [{clusterResources: [{selector: []}]}]}", "spec: {subjects: [{clusterResources: [{selector: {matchLabels: [a]}}]}]}",
	})
	wrong[capsule.GlobalProxySetting](t, "GlobalProxySettings", []string{
		"spec: text", "spec: {rules: {}}", "spec: {rules: [[]]}", "spec: {rules: [{subjects: {}}]}", "spec: {rules: [{subjects: [{kind: 1}]}]}", "spec: {rules: [{clusterResources: text}]}",
		"spec: {rules: [{clusterResources: [{selector: text}]}]}",
	})
	wrong[capsule.Configuration](t, "CapsuleConfiguration", []string{
		"spec: []", "spec: {users: text}", "spec: {users: [text]}", "spec: {userNames: text}", "spec: {userNames: [1]}", "spec: {userGroups: {}}", "spec: {ignoreUserWithGroups: text}", "status: {users: {}}",
	})
}

// The error must name the field, for those who read the log.
func TestDecodeNamesTheField(t *testing.T) {
	for source, want := range map[string]string{
		"spec: text":                                             "decoding Tenant: spec: cannot",
		"spec: {owners: 1}":                                      "decoding Tenant: spec.owners: cannot",
		"spec: {owners: [text]}":                                 "decoding Tenant: spec.owners: cannot",
		"spec: {owners: [{kind: 1}]}":                            "decoding Tenant: spec.owners.kind: cannot",
		"spec: {storageClasses: {allowed: gold}}":                "decoding Tenant: spec.storageClasses.allowed: cannot",
		"spec: {storageClasses: {matchLabels: {a: []}}}":         "decoding Tenant: spec.storageClasses.matchLabels",
		"spec: {ingressOptions: {allowedClasses: {default: 1}}}": "decoding Tenant: spec.ingressOptions.allowedClasses.default: cannot",
	} {
		_, err := capsule.Decode[capsule.Tenant](parse(t, "kind: Tenant\n"+source))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s…", source, err, want)
		}
	}
}

func wrong[T any](t *testing.T, kind string, sources []string) {
	t.Helper()
	for _, source := range sources {
		t.Run(kind+" "+source, func(t *testing.T) {
			if got, err := capsule.Decode[T](parse(t, "kind: "+kind+"\n"+source)); err == nil {
				t.Errorf("decoded as %+v", got)
			}
		})
	}
}

func TestDecodeSettings(t *testing.T) {
	const resources = `[{apiGroups: [storage.k8s.io], resources: [storageclasses], operations: [List], selector: {matchLabels: {a: b}}, future: 1}, {apiGroups: ["*"], selector: {}}, {}]`
	want := []capsule.ClusterResource{
		{APIGroups: []string{"storage.k8s.io"}, Resources: []string{"storageclasses"}, Operations: []string{"List"}, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}},
		{APIGroups: []string{"*"}, Selector: &metav1.LabelSelector{}},
		{},
	}
	setting, err := capsule.Decode[capsule.ProxySetting](parse(t, "{kind: ProxySetting, metadata: {name: ps, namespace: a}, spec: {subjects: [{kind: User, name: bob, proxySettings: [{kind: Nodes, operations: [List]}], clusterResources: "+resources+"}, {kind: Group, name: devs}]}, status: {x: y}}"))
	if err != nil {
		t.Fatal(err)
	}
	wantSetting := &capsule.ProxySetting{Meta: capsule.Meta{Name: "ps", Namespace: "a"}}
	wantSetting.Spec.Subjects = []capsule.ProxySubject{
		{Subject: capsule.Subject{Kind: "User", Name: "bob"}, ProxySettings: []capsule.ProxyOperations{{Kind: "Nodes", Operations: []string{"List"}}}, ClusterResources: want},
		{Subject: capsule.Subject{Kind: "Group", Name: "devs"}},
	}
	if diff := cmp.Diff(wantSetting, setting); diff != "" {
		t.Errorf("ProxySetting (-want +got):\n%s", diff)
	}
	global, err := capsule.Decode[capsule.GlobalProxySetting](parse(t, "{kind: GlobalProxySettings, metadata: {name: gps}, spec: {rules: [{subjects: [{kind: User, name: bob}], clusterResources: "+resources+"}]}}"))
	if err != nil {
		t.Fatal(err)
	}
	wantGlobal := &capsule.GlobalProxySetting{Meta: capsule.Meta{Name: "gps"}}
	wantGlobal.Spec.Rules = []capsule.GlobalRule{{Subjects: []capsule.Subject{{Kind: "User", Name: "bob"}}, ClusterResources: want}}
	if diff := cmp.Diff(wantGlobal, global); diff != "" {
		t.Errorf("GlobalProxySettings (-want +got):\n%s", diff)
	}
}

func TestDecodeConfiguration(t *testing.T) {
	got, err := capsule.Decode[capsule.Configuration](parse(t, "{kind: CapsuleConfiguration, metadata: {name: default}, spec: {users: [{kind: Group, name: g}], userNames: [un], userGroups: [ug], ignoreUserWithGroups: [i], forceTenantPrefix: true, nodeMetadata: {}}, status: {users: [{kind: User, name: u}], x: 1}}"))
	if err != nil {
		t.Fatal(err)
	}
	want := &capsule.Configuration{Meta: capsule.Meta{Name: "default"}}
	want.Spec.Users = []capsule.Subject{{Kind: "Group", Name: "g"}}
	want.Spec.UserNames, want.Spec.UserGroups, want.Spec.IgnoreUserWithGroups = []string{"un"}, []string{"ug"}, []string{"i"}
	want.Status.Users = []capsule.Subject{{Kind: "User", Name: "u"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("CapsuleConfiguration (-want +got):\n%s", diff)
	}
}

// No content of an object may stop the server, and the same object must always have the same
// meaning.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{}`, `{"spec":{"owners":[null]}}`, `{"spec":{"storageClasses":{"matchExpressions":[{"values":[null]}]}}}`,
		`{"spec":{"subjects":[{"clusterResources":[null]}]}}`, `{"spec":{"rules":[{"subjects":null}]}}`, `{"metadata":null,"status":{"users":[{}]}}`,
		`{"spec":{"nodeSelector":{"a":null}}}`, `{"spec":1e999}`} {
		f.Add([]byte(seed))
	}
	for _, file := range []string{"testdata/tenant-oldest.json", "testdata/tenant-newest.json"} {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		u := &unstructured.Unstructured{}
		if json.Unmarshal(data, &u.Object) != nil {
			t.Skip("no object")
		}
		twice[capsule.Tenant](t, u)
		twice[capsule.ProxySetting](t, u)
		twice[capsule.GlobalProxySetting](t, u)
		twice[capsule.Configuration](t, u)
	})
}

func twice[T any](t *testing.T, u *unstructured.Unstructured) {
	t.Helper()
	before := u.DeepCopy()
	first, err := capsule.Decode[T](u)
	second, err2 := capsule.Decode[T](u.DeepCopy())
	if (err == nil) != (err2 == nil) {
		t.Fatalf("errors %v and %v", err, err2)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("decoded twice (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(before, u); diff != "" {
		t.Errorf("what was decoded has changed (-before +after):\n%s", diff)
	}
}
