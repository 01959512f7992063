// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/featuregate"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/component-base/logs/json"
	"k8s.io/klog/v2"

	"capsule.dev/tenantview/internal/syncbuffer"
)

// Neither the server's own token nor those of its callers may be in the log, at any verbosity: many can
// read logs who may not be other users.
func TestTokensAreNotLogged(t *testing.T) {
	const own, caller = "token-of-the-server", "token-of-a-caller"
	sent := ""
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = r.Header.Get("Authorization") + string(body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","spec":{"token":"`+caller+`"},"status":{"authenticated":true}}`)
	}))
	defer upstream.Close()
	for name, tc := range map[string]struct {
		json, bare bool
	}{
		"text":            {},
		"text, otherwise": {bare: true},
		"JSON":            {json: true},
		"JSON, otherwise": {json: true, bare: true},
	} {
		t.Run(name, func(t *testing.T) {
			defer klog.CaptureState().Restore()
			klog.ClearLogger()
			klog.SetLogFilter(nil)
			var flags flag.FlagSet
			klog.InitFlags(&flags)
			for name, value := range map[string]string{"v": "10", "logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL"} {
				if err := flags.Set(name, value); err != nil {
					t.Fatal(err)
				}
			}
			var log syncbuffer.Buffer
			klog.SetOutput(&log)
			defer klog.SetLogFilter(nil)
			if tc.json {
				var format logsapi.LogFormatFactory = jsonFormat{}
				if tc.bare {
					format = json.Factory{}
				}
				logger, _ := format.Create(logsapi.LoggingConfiguration{Verbosity: 10}, logsapi.LoggingOptions{ErrorStream: &log})
				klog.SetLoggerWithOptions(logger, klog.ContextualLogger(true))
			} else if !tc.bare {
				withoutBodies()
			}
			client, err := kubernetes.NewForConfig(&rest.Config{Host: upstream.URL, BearerToken: own})
			if err != nil {
				t.Fatal(err)
			}
			review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: caller}}
			if _, err := client.AuthenticationV1().TokenReviews().Create(t.Context(), review, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			klog.Flush()
			if !strings.Contains(sent, own) || !strings.Contains(sent, caller) {
				t.Fatalf("sent %q", sent)
			}
			lines := log.String()
			if !strings.Contains(lines, "Request Body") || !strings.Contains(lines, "Response Body") {
				t.Errorf("not logged at this verbosity:\n%s", lines)
			}
			if strings.Contains(lines, own) || strings.Contains(lines, caller) != tc.bare {
				t.Errorf("the log, in which bodies are to be: %t:\n%s", tc.bare, lines)
			}
			if strings.Contains(lines, "redact.go") {
				t.Errorf("lines do not show where they come from:\n%s", lines)
			}
		})
	}
}

// The flag chooses the format without bodies, and what its logger buffers is written at the end.
func TestJSONIsFlushed(t *testing.T) {
	defer klog.CaptureState().Restore()
	gate := featuregate.NewFeatureGate()
	if err := logsapi.AddFeatureGates(gate); err != nil {
		t.Fatal(err)
	}
	if err := gate.Set(string(logsapi.LoggingAlphaOptions) + "=true"); err != nil {
		t.Fatal(err)
	}
	reset := func() {
		if err := logsapi.ResetForTest(gate); err != nil {
			t.Error(err)
		}
	}
	reset() // other tests run the command
	defer reset()
	c := logsapi.NewLoggingConfiguration()
	c.Format = logsapi.JSONLogFormat
	c.Options.JSON.SplitStream = true
	c.Options.JSON.InfoBufferSize.Quantity = resource.MustParse("64Ki")
	var log syncbuffer.Buffer
	if err := logsapi.ValidateAndApplyWithOptions(c, &logsapi.LoggingOptions{InfoStream: &log, ErrorStream: io.Discard}, gate); err != nil {
		t.Fatal(err)
	}
	klog.Background().Info("Response Body", "body", "secret")
	if text := log.String(); text != "" {
		t.Fatalf("nothing is buffered, but written: %s", text)
	}
	klog.Flush()
	if text := log.String(); !strings.Contains(text, "Response Body (not logged)") || strings.Contains(text, "secret") {
		t.Errorf("the log after a flush: %q", text)
	}
}
