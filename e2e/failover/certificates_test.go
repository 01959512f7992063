// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package failover

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/controlplane"
	"capsule.dev/tenantview/e2e/testcluster"
)

const expiration = "tenantview_serving_certificate_expiration_timestamp_seconds"

// A certificate that kube-apiserver refuses makes the APIService unavailable. Its message has the reason,
// and the log of the server has the fix. When the files are replaced, the APIService is Available again,
// and the server is the same process.
func TestCertificatesThatKubeAPIServerRefuses(t *testing.T) {
	balancer := testcluster.NewBalancer(t)
	server := controlplane.Address(shared.Ports().Server)
	balancer.Use(server)
	shared.LeadTo(t, balancer.Port())
	t.Cleanup(func() {
		if err := shared.RenewServerCertificate(); err != nil {
			t.Error(err)
		}
	})
	process := metrics(t)["process_start_time_seconds"]
	expired := time.Now().Add(-time.Hour).Truncate(time.Second)
	for _, tc := range []struct {
		name        string
		certificate controlplane.ServerCertificate
		// message is in the message of the APIService. log is in one line of the server's log.
		message string
		log     []string
	}{
		{
			"an unknown authority", controlplane.ServerCertificate{Stranger: true}, "x509: certificate signed by unknown authority",
			[]string{"A client has ended the TLS handshake", "tenantview development cluster CA", "spec.caBundle of the APIService"},
		},
		{
			"expired", controlplane.ServerCertificate{NotAfter: expired}, "x509: certificate has expired or is not yet valid",
			[]string{"The serving certificate has expired", expired.UTC().Format(time.RFC3339), "tenantview.crt", "Replace the certificate"},
		},
		{
			"another name", controlplane.ServerCertificate{Name: "other.tenantview-system.svc"}, "x509: certificate is valid for localhost, other.tenantview-system.svc, not",
			[]string{"The serving certificate is not for the name of the server", "not tenantview-apiserver.tenantview-system.svc", "Issue the certificate for the DNS name"},
		},
	} {
		log := logFrom(t)
		use := func(c controlplane.ServerCertificate) {
			t.Helper()
			if err := shared.WriteServerCertificate(c); err != nil {
				t.Fatal(err)
			}
			want := onDisk(t)
			testcluster.Eventually(t, tc.name+": the server has the certificate", func() error {
				if got := served(t, server); got != want {
					return fmt.Errorf("it serves certificate %s, not %s", got, want)
				}
				return nil
			})
			// Connections of before would go on.
			balancer.Use(server)
			check(t)
		}
		use(tc.certificate)
		testcluster.Eventually(t, tc.name+": the APIService says why", func() error {
			if status, message := availability(t); status != "False" || !strings.Contains(message, tc.message) {
				return fmt.Errorf("it is %s: %s", status, message)
			}
			return nil
		})
		_, message := availability(t)
		t.Logf("%s: %s", tc.name, message)
		testcluster.Eventually(t, tc.name+": the log says what to do", func() error {
			for line := range strings.Lines(log()) {
				if !slices.ContainsFunc(tc.log, func(part string) bool { return !strings.Contains(line, part) }) {
					t.Logf("%s: %s", tc.name, strings.TrimSpace(line))
					return nil
				}
			}
			return errors.New(log())
		})
		if !tc.certificate.NotAfter.IsZero() {
			if got := metrics(t)[expiration]; got != float64(expired.Unix()) {
				t.Errorf("%s is %v, want %d", expiration, got, expired.Unix())
			}
		}

		use(controlplane.ServerCertificate{})
		if err := shared.WaitAPIServiceAvailable(t.Context()); err != nil {
			t.Fatalf("%s: after it was replaced: %v", tc.name, err)
		}
		if got := metrics(t)[expiration]; got <= float64(time.Now().Unix()) {
			t.Errorf("%s: after it was replaced, %s is %v", tc.name, expiration, got)
		}
	}
	if metrics(t)["process_start_time_seconds"] != process {
		t.Error("the server is another process")
	}
}

// logFrom returns a function that returns what the server has logged from now on.
func logFrom(t *testing.T) func() string {
	t.Helper()
	read := func() string {
		data, err := os.ReadFile(shared.LogFile(controlplane.Server))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	before := len(read())
	return func() string { return read()[before:] }
}

// metrics returns the metrics of the server, whatever its certificate is.
func metrics(t *testing.T) map[string]float64 {
	t.Helper()
	config := rest.CopyConfig(shared.DirectConfig(shared.Admin))
	config.CAData, config.Insecure = nil, true
	return testcluster.Get(t, config, "/metrics").Metrics(t)
}

// served returns the serial number of the certificate that a server uses.
func served(t *testing.T, address string) string {
	t.Helper()
	connection, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) // Only the serial number matters.
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	return connection.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

// onDisk returns the serial number of the certificate in the server's files.
func onDisk(t *testing.T) string {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(shared.Dir+"/pki/tenantview.crt", shared.Dir+"/pki/tenantview.key")
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf.SerialNumber.String()
}

// check makes kube-apiserver check the APIService soon, as it does after any change of it.
func check(t *testing.T) {
	t.Helper()
	shared.Patch(t, "APIService", "", controlplane.APIServiceName, fmt.Sprintf("metadata: {annotations: {e2e: %q}}", time.Now()))
}

// availability returns the status and the message of the condition Available of the APIService.
func availability(t *testing.T) (status, message string) {
	t.Helper()
	service, err := shared.Client("APIService", "").Get(t.Context(), controlplane.APIServiceName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return condition(service)
}

func condition(service *unstructured.Unstructured) (status, message string) {
	conditions, _, _ := unstructured.NestedSlice(service.Object, "status", "conditions")
	for _, c := range conditions {
		if c, _ := c.(map[string]any); c["type"] == "Available" {
			status, _ = c["status"].(string)
			message, _ = c["message"].(string)
		}
	}
	return status, message
}
