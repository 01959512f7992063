// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"runtime"
	"strconv"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"

	"capsule.dev/tenantview/internal/synthetic"
	"capsule.dev/tenantview/pkg/tenancy"
)

// BenchmarkNamespaceMemory measures the memory of a namespace that has been read, stripped and
// indexed. The time has no meaning: the cluster is filled once.
func BenchmarkNamespaceMemory(b *testing.B) {
	const namespaces = 100_000
	cluster := synthetic.New(0)
	for i := range namespaces / synthetic.NamespacesOfTenant {
		cluster.Tenants.Put(synthetic.Item(cluster, synthetic.TenantName(i), synthetic.Tenant(i)))
	}
	before := heap()
	fillByProtobuf(b, cluster, namespaces)
	perNamespace := float64(heap()-before) / namespaces
	b.Run("namespaces="+strconv.Itoa(namespaces), func(b *testing.B) {
		for b.Loop() {
		}
		b.ReportMetric(perNamespace, "B/namespace")
	})
	runtime.KeepAlive(cluster)
}

// fillByProtobuf passes on namespaces like a reflector that has read them one by one.
func fillByProtobuf(b *testing.B, cluster *synthetic.Cluster, n int) {
	info, _ := apiruntime.SerializerInfoForMediaType(scheme.Codecs.SupportedMediaTypes(), apiruntime.ContentTypeProtobuf)
	encoder := scheme.Codecs.EncoderForVersion(info.Serializer, corev1.SchemeGroupVersion)
	decoder := scheme.Codecs.WithoutConversion().DecoderToVersion(info.Serializer, corev1.SchemeGroupVersion)
	objects := make([]any, n)
	var buffer bytes.Buffer
	for i := range objects {
		buffer.Reset()
		if err := encoder.Encode(synthetic.Namespace(i, i/synthetic.NamespacesOfTenant), &buffer); err != nil {
			b.Fatal(err)
		}
		// Copy the bytes, as each response has its own. The parts that the object keeps count.
		object, _, err := decoder.Decode(bytes.Clone(buffer.Bytes()), nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		objects[i] = object
	}
	source := &Source{onSynced: func() {}}
	s := &store[tenancy.Namespace]{source: source, decode: as(tenancy.NewNamespace), sink: cluster.Namespaces}
	if err := s.Replace(objects, "2000000"); err != nil {
		b.Fatal(err)
	}
}

// heap returns the number of bytes in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // frees what finalizers have kept
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
