// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/component-base/logs/json"
	"k8s.io/klog/v2"
)

// record is a log that several goroutines write.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(b)
}

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
			var log record
			klog.SetOutput(&log)
			defer klog.SetLogFilter(nil)
			if tc.json {
				logger, _ := json.NewJSONLogger(logsapi.VerbosityLevel(10), json.AddNopSync(&log), nil, nil)
				klog.SetLoggerWithOptions(logger, klog.ContextualLogger(true))
			}
			if !tc.bare {
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
			lines := log.text.String()
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
