// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package cases

import corev1 "k8s.io/api/core/v1"

// volumes returns the cases of which PersistentVolumes belong to a Tenant.
func volumes() []Case {
	const label = "{capsule.clastix.io/tenant: solar}"
	state := func(more ...*object) []*object {
		return append([]*object{
			tenant("solar", ownedBy("User alice"), "storageClasses: {allowed: [gold]}"), tenant("wind", ownedBy("User wanda")),
			namespaceOf("solar", "solar-a"), namespaceOf("wind", "wind-a"), namespace("plain", ""),
		}, more...)
	}
	solarOnly := Names{"namespaces": {"solar-a"}}
	pvs := func(names ...string) Names { return Names{"namespaces": {"solar-a"}, "persistentvolumes": names} }
	return []Case{
		{Row: "E1", Name: "a volume with label and claim", User: alice, Policy: implicit(),
			Objects: state(volume("pv", label, "solar-a/data")), List: pvs("pv")},
		{Row: "E2", Name: "a volume with a claim, before Capsule has labelled it", User: alice, Policy: implicit(),
			Objects: state(volume("pv", "", "solar-a/data")), List: pvs("pv")},
		{Row: "E3", Name: "a volume with a label that is not claimed yet", User: alice, Policy: implicit(),
			Objects: state(volume("pv", label, "")), List: pvs("pv")},
		{Row: "E3", Name: "a label that names no tenant", User: alice, Policy: implicit(),
			Objects: state(volume("pv", "{capsule.clastix.io/tenant: water}", ""), volume("pv2", "{capsule.clastix.io/tenant: ''}", "")), List: solarOnly},
		{Row: "E6", Name: "a volume with a label whose claim's namespace is gone", User: alice, Policy: implicit(),
			Before:  state(namespaceOf("solar", "solar-b"), volume("pv", label, "solar-b/data")),
			Objects: state(volume("pv", label, "solar-b/data")), List: pvs("pv")},
		{Row: "E7", Name: "a volume without a label whose claim's namespace is gone", User: alice, Policy: implicit(),
			Before:  state(namespaceOf("solar", "solar-b"), volume("pv", "", "solar-b/data")),
			Objects: state(volume("pv", "", "solar-b/data")), List: solarOnly},
		{Row: "E8", Name: "a volume with neither label nor claim", User: alice, Policy: implicit(),
			Objects: state(volume("pv", "", "")), List: solarOnly},
		{Row: "E2", Name: "a claim counts more than a forged label", User: alice, Policy: implicit(),
			Objects: state(inPhase(corev1.VolumeBound, volume("pv", label, "wind-a/data")), inPhase(corev1.VolumeBound, volume("pv2", label, "plain/data"))), List: solarOnly},
		{Row: "E2", Name: "a claim counts more than a forged label, for the owner of the claim", User: wanda, Policy: implicit(),
			Objects: state(inPhase(corev1.VolumeBound, volume("pv", label, "wind-a/data"))),
			List:    Names{"namespaces": {"wind-a"}, "persistentvolumes": {"pv"}}},
		{Row: "E11", Name: "volumes without any tenant", User: carol, Policy: implicit(),
			Objects: []*object{namespace("plain", ""), volume("pv", label, ""), volume("pv2", "", "plain/data")}},
		{Row: "E12", Name: "volumes by their label alone", User: alice, Policy: implicit(labelOnly),
			Objects: state(volume("both", label, "solar-a/data"), volume("claim", "", "solar-a/data2"), volume("label", label, ""), volume("forged", label, "wind-a/data")),
			List:    pvs("both", "forged", "label")},
		{Row: "E13", Name: "a volume of an allowed class that is another tenant's", User: alice, Policy: implicit(),
			Objects: state(storageClass("gold", ""), volume("pv", "", "wind-a/data")),
			List:    Names{"namespaces": {"solar-a"}, "storageclasses": {"gold"}}},
		{Row: "E14", Name: "a rule shows volumes by their labels", User: carol, Policy: implicit(),
			Objects: state(volume("pv", "{shared: all}", "wind-a/data"), volume("pv2", "", "solar-a/data"),
				globalSetting("gps", rule(subjects("User carol"), `{apiGroups: [""], resources: [persistentvolumes], selector: {matchLabels: {shared: all}}}`))),
			List: Names{"persistentvolumes": {"pv"}}},
	}
}

// namesUsedAgain returns the cases of volumes that name a namespace which now belongs to another
// tenant: it was deleted and recreated after the volume was released.
func namesUsedAgain() []Case {
	const (
		label   = "{capsule.clastix.io/tenant: solar}"
		earlier = "2026-05-01T10:00:00Z"
		later   = "2026-05-01T10:00:01Z"
		times   = "kube-apiserver says itself when something was created"
	)
	tenants := func(more ...*object) []*object {
		return append([]*object{tenant("solar", ownedBy("User alice")), tenant("wind", ownedBy("User wanda"))}, more...)
	}
	released := func(labels string) *object { return inPhase(corev1.VolumeReleased, volume("pv", labels, "db/data")) }
	cases := []Case{
		{Row: "E9", Name: "a released volume with a label, whose namespace another tenant has made again", User: alice,
			Before:  tenants(namespaceOf("solar", "db"), released(label)),
			Objects: tenants(namespaceOf("wind", "db"), released(label)),
			List:    Names{"persistentvolumes": {"pv"}}},
		{Row: "E9", Name: "a released volume with a label, for the tenant that has made its namespace again", User: wanda,
			Before:  tenants(namespaceOf("solar", "db"), released(label)),
			Objects: tenants(namespaceOf("wind", "db"), released(label)),
			List:    Names{"namespaces": {"db"}}},
		{Row: "E9", Name: "a released volume with a label, whose namespace was made again without a tenant", User: alice,
			Objects: tenants(namespace("db", ""), released(label)),
			List:    Names{"persistentvolumes": {"pv"}}},
		{Row: "E9", Name: "a volume whose reclaiming has failed, and whose namespace another tenant has made again", User: wanda,
			Objects: tenants(namespaceOf("wind", "db"), inPhase(corev1.VolumeFailed, volume("pv", label, "db/data"))),
			List:    Names{"namespaces": {"db"}}},
		{Row: "E9", Name: "a volume with a label that is reserved for a claim of another tenant", User: alice,
			Objects: tenants(namespaceOf("wind", "db"), inPhase(corev1.VolumeAvailable, volume("pv", label, "db/data"))),
			List:    Names{"persistentvolumes": {"pv"}}},
		{Row: "E9", Name: "a released volume whose label names no tenant", User: wanda,
			Objects: tenants(namespaceOf("wind", "db"), released("{capsule.clastix.io/tenant: water}")),
			List:    Names{"namespaces": {"db"}}},
		{Row: "E9", Name: "a released volume with the label of the tenant whose namespace it was claimed in", User: alice, InMemory: times,
			Objects: tenants(createdAt(later, namespaceOf("solar", "db")), createdAt(earlier, released(label))),
			List:    Names{"namespaces": {"db"}, "persistentvolumes": {"pv"}}},
		{Row: "E10", Name: "a released volume without a label, whose namespace is younger", User: wanda, InMemory: times,
			Objects: tenants(createdAt(later, namespaceOf("wind", "db")), createdAt(earlier, released(""))),
			List:    Names{"namespaces": {"db"}}},
		{Row: "E10", Name: "a volume without a label whose reclaiming has failed, and whose namespace is younger", User: wanda, InMemory: times,
			Objects: tenants(createdAt(later, namespaceOf("wind", "db")), createdAt(earlier, inPhase(corev1.VolumeFailed, volume("pv", "{capsule.clastix.io/tenant: ''}", "db/data")))),
			List:    Names{"namespaces": {"db"}}},
		{Row: "E10", Name: "a released volume without a label, whose namespace is older", User: wanda, InMemory: times,
			Objects: tenants(createdAt(earlier, namespaceOf("wind", "db")), createdAt(later, released(""))),
			List:    Names{"namespaces": {"db"}, "persistentvolumes": {"pv"}}},
		{Row: "E10", Name: "a released volume without a label, whose namespace is as old", User: wanda, InMemory: times,
			Objects: tenants(createdAt(later, namespaceOf("wind", "db")), createdAt(later, released(""))),
			List:    Names{"namespaces": {"db"}, "persistentvolumes": {"pv"}}},
		{Row: "E10", Name: "a released volume without a label, whose namespace was made again by another tenant", User: wanda, InMemory: times,
			Before:  tenants(createdAt(earlier, namespaceOf("wind", "db")), createdAt(earlier, released(""))),
			Objects: tenants(createdAt(later, namespaceOf("wind", "db")), createdAt(earlier, released(""))),
			List:    Names{"namespaces": {"db"}}},
		{Row: "E11", Name: "a bound volume with the label of another tenant", User: wanda,
			Before:  tenants(namespaceOf("wind", "db"), released(label)),
			Objects: tenants(namespaceOf("wind", "db"), inPhase(corev1.VolumeBound, volume("pv", label, "db/data"))),
			List:    Names{"namespaces": {"db"}, "persistentvolumes": {"pv"}}},
		{Row: "E11", Name: "a bound volume with a label, for the tenant that the label names", User: alice,
			Objects: tenants(namespaceOf("wind", "db"), inPhase(corev1.VolumeBound, volume("pv", label, "db/data")))},
		{Row: "E11", Name: "a bound volume that is older than its namespace", User: wanda, InMemory: times,
			Objects: tenants(createdAt(later, namespaceOf("wind", "db")), createdAt(earlier, inPhase(corev1.VolumeBound, volume("pv", "", "db/data")))),
			List:    Names{"namespaces": {"db"}, "persistentvolumes": {"pv"}}},
		{Row: "E11", Name: "a volume that is reserved for a claim in a younger namespace", User: wanda, InMemory: times,
			Objects: tenants(createdAt(later, namespaceOf("wind", "db")), createdAt(earlier, inPhase(corev1.VolumeAvailable, volume("pv", "", "db/data")))),
			List:    Names{"namespaces": {"db"}, "persistentvolumes": {"pv"}}},
	}
	for i := range cases {
		cases[i].Policy = implicit()
	}
	return cases
}
