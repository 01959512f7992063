// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// hostileSelectors are the largest selectors that a request may have, and none for comparison.
func hostileSelectors() map[string]string {
	return map[string]string{
		"none":         "",
		"requirements": repeated(64, func(i int) string { return "!" + longKey(i) }),
		"values":       "p notin (" + repeated(1000, value) + ")",
		"both": repeated(63, func(i int) string {
			return "p notin (" + repeated(15, func(j int) string { return fmt.Sprint(i + j) }) + ")"
		}),
	}
}

func longKey(i int) string { return fmt.Sprintf("%s%02d", strings.Repeat("k", 58), i) }

// crowdedUpstream has 5,000 nodes, each in a pool.
func crowdedUpstream(t testing.TB) *upstream {
	u := newUpstream(t)
	list := corev1.NodeList{TypeMeta: metav1.TypeMeta{Kind: "NodeList", APIVersion: "v1"}, ListMeta: metav1.ListMeta{ResourceVersion: "9000"}}
	for i := range 5000 {
		list.Items = append(list.Items, corev1.Node{ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprint("node-", i), ResourceVersion: fmt.Sprint(1000 + i), UID: "uid",
			Labels: map[string]string{"p": "shared", "kubernetes.io/hostname": fmt.Sprint("node-", i)},
		}})
	}
	u.lists["nodes"] = list
	return u
}

// The cost of the largest selectors that a request may have: the heap of a watch with one, of
// client and server together, and the time of a list of 5,000 nodes. The list compares all
// requirements with each node and selects none.
func BenchmarkHostileSelectors(b *testing.B) {
	const watches, lists = 200, 20
	s := newServer(b, crowdedUpstream(b))
	eventually(b, "it is ready", func() bool { return s.status("/readyz") == http.StatusOK })
	for name, selector := range hostileSelectors() {
		b.Run(name, func(b *testing.B) {
			var perWatch int64
			var perList time.Duration
			// labels.Parse sorts by key, so this requirement is checked last.
			nothing := strings.Replace(strings.Replace(selector, ",v999", "", 1), "!"+longKey(0)+",", "", 1) + ",zzz=none"
			for b.Loop() {
				before := heapOf()
				var open []*http.Response
				for range watches {
					open = append(open, s.open(b, s.client, "root", group+"/tenantpersistentvolumes?watch=1&labelSelector="+url.QueryEscape(selector)))
				}
				perWatch = (heapOf() - before) / watches
				for _, response := range open {
					if response.StatusCode != http.StatusOK {
						b.Fatal("code ", response.StatusCode)
					}
					response.Body.Close()
				}
				start := time.Now()
				for range lists {
					r, err := s.send("root", http.MethodGet, group+"/tenantnodes?labelSelector="+url.QueryEscape(strings.TrimPrefix(nothing, ",")), "", "")
					if err != nil || r.Code != http.StatusOK {
						b.Fatal(r, err)
					}
				}
				perList = time.Since(start) / lists
			}
			b.ReportMetric(float64(perWatch), "heap-B/watch")
			b.ReportMetric(float64(perList.Microseconds())/1000, "ms/list")
		})
	}
}

func heapOf() int64 {
	time.Sleep(100 * time.Millisecond) // for the handlers of closed connections to end
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
