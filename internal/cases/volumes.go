// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package cases

// volumes is about which PersistentVolumes are a Tenant's.
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
			Objects: state(volume("pv", label, "wind-a/data"), volume("pv2", label, "plain/data")), List: solarOnly},
		{Row: "E2", Name: "a claim counts more than a forged label, for the owner of the claim", User: wanda, Policy: implicit(),
			Objects: state(volume("pv", label, "wind-a/data")),
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
