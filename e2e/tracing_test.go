// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/testcluster"
)

// serveTraced runs a server that sends traces to a collector.
func serveTraced(t *testing.T, samplingRate int) (*testcluster.Server, *collector) {
	t.Helper()
	c := collect(t)
	file := filepath.Join(t.TempDir(), "tracing.yaml")
	config := fmt.Sprintf("apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\nendpoint: %s\nsamplingRatePerMillion: %d\n", c.address, samplingRate)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s := shared.Serve(t, shared.ServerAccount(t), nil, "--tracing-config-file="+file)
	s.WaitReady(t)
	return s, c
}

const (
	// administratorsTrace and alicesTrace are traces that clients have begun, and decided to record.
	administratorsTrace = "0af7651916cd43dd8448eb211c80319c"
	alicesTrace         = "4bf92f3577b34da6a3ce929d0e0e4736"
)

// inTrace returns what the server answers in a client's trace.
func inTrace(t *testing.T, s *testcluster.Server, config *rest.Config, path, trace string) testcluster.Answer {
	t.Helper()
	direct := shared.DirectConfig(config)
	direct.Host = "https://" + s.Address
	return testcluster.Get(t, direct, path, "Traceparent", "00-"+trace+"-b7ad6b7169203331-01")
}

// The server records the traces that administrators ask for. A tenant cannot make it record anything: not
// by asking, and not by being in a trace that is recorded.
func TestTracesThatClientsAskFor(t *testing.T) {
	arrange(t, solarAndWind)
	s, c := serveTraced(t, 0)
	path := kindOf("namespaces").Path()
	inTrace(t, s, shared.As(t, "alice"), path, alicesTrace).Expect(t, 200)
	inTrace(t, s, shared.Admin, path, administratorsTrace).Expect(t, 200)
	testcluster.Eventually(t, "the administrator's trace is recorded", func() error {
		if c.of(administratorsTrace)["ListFromView"] == nil {
			return missing("span")
		}
		return nil
	})
	if n, services := c.traces(); n != 1 || !slices.Equal(services, []string{"tenantview-apiserver"}) {
		t.Errorf("%d traces from %v, want one", n, services)
	}
}

// The spans of the server say where the time of a request goes, and how many objects it found. They do
// not name objects.
func TestSpans(t *testing.T) {
	arrange(t, solarAndWind)
	s, c := serveTraced(t, 1_000_000)
	path := kindOf("namespaces").Path()
	administrator := shared.As(t, "e2e-traced", "system:masters")
	for i, request := range []string{path, path + "/wind-a", path + "?watch=1&timeoutSeconds=1"} {
		inTrace(t, s, administrator, request, fmt.Sprintf("%032x", i+1)).Expect(t, 200)
	}
	want := [][]string{{"ListFromView", "ReviewAccess"}, {"GetFromView"}, {"StartWatch"}}
	for i, names := range want {
		testcluster.Eventually(t, fmt.Sprintf("%v are recorded", names), func() error {
			spans := c.of(fmt.Sprintf("%032x", i+1))
			for _, name := range names {
				if spans[name] == nil {
					return missing(name)
				}
			}
			return nil
		})
	}
	spans := c.of(fmt.Sprintf("%032x", 1))
	list, review, call := spans["ListFromView"], spans["ReviewAccess"], spans["HTTP POST"]
	if call == nil || string(call.GetParentSpanId()) != string(review.GetSpanId()) || string(review.GetParentSpanId()) != string(list.GetSpanId()) {
		t.Errorf("the list does not contain the review, or the review no request: %v", spans)
	}
	attributes := map[string]string{}
	for name, span := range map[string]interface{ String() string }{"list": list, "review": review, "get": c.of(fmt.Sprintf("%032x", 2))["GetFromView"]} {
		for _, secret := range []string{"solar", "wind", "e2e-traced"} {
			if strings.Contains(span.String(), secret) {
				t.Errorf("%s: %v names %s", name, span, secret)
			}
		}
	}
	for _, a := range slices.Concat(list.GetAttributes(), review.GetAttributes()) {
		attributes[a.GetKey()] += a.GetValue().GetStringValue() + ";"
	}
	if diff := cmp.Diff(map[string]string{"resource": "tenantnamespaces;namespaces;", "verb": "list;"}, attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	found := list.GetEvents()[0]
	if n := found.GetAttributes()[0].GetValue().GetIntValue(); found.GetName() != "Found" || n < 3 {
		t.Errorf("event %v, want all namespaces", found)
	}

	// A tenant's request is in a trace of the server's own, which only points to the tenant's.
	inTrace(t, s, shared.As(t, "alice"), path, alicesTrace).Expect(t, 200)
	testcluster.Eventually(t, "alice's request is recorded", func() error {
		c.mu.Lock()
		defer c.mu.Unlock()
		for trace, spans := range c.spans {
			for _, span := range spans {
				for _, link := range span.GetLinks() {
					if fmt.Sprintf("%x", link.GetTraceId()) == alicesTrace && trace != alicesTrace {
						return nil
					}
				}
			}
		}
		return missing("link to alice's trace")
	})
	if spans := c.of(alicesTrace); len(spans) > 0 {
		t.Errorf("alice's trace has %v", spans)
	}
}
