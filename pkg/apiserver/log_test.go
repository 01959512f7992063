// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"flag"
	"io"
	"net/http"
	"strings"
	"testing"

	"k8s.io/klog/v2"

	"capsule.dev/tenantview/internal/syncbuffer"
)

// What a request authenticates with, and what the front proxy says of a user, is in no log, at any
// verbosity.
func TestHeadersAreNotLogged(t *testing.T) {
	defer klog.CaptureState().Restore()
	var flags flag.FlagSet
	klog.InitFlags(&flags)
	for name, value := range map[string]string{"v": "10", "logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL"} {
		if err := flags.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	var log syncbuffer.Buffer
	klog.SetOutput(&log)
	s := newReadyServer(t)
	for path, code := range map[string]int{namespaces: http.StatusOK, namespaces + "/absent": http.StatusNotFound, namespaces + "?watch=1&timeoutSeconds=1": http.StatusOK, "/nowhere": http.StatusNotFound, namespaces + "?limit=x": http.StatusBadRequest} {
		for _, user := range []string{"alice", ""} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if user != "" {
				r.Header.Set("X-User", user)
			}
			for _, name := range []string{"Authorization", "X-Remote-User", "X-Remote-Group", "X-Remote-Extra-Scopes", "Cookie"} {
				r.Header.Set(name, "Bearer secret-"+name)
			}
			response, err := s.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
			if user != "" && response.StatusCode != code || user == "" && response.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s of %q: code %d", path, user, response.StatusCode)
			}
		}
	}
	klog.Flush()
	lines := log.String()
	if !strings.Contains(lines, "tenantnamespaces/absent") {
		t.Error("requests are not logged at this verbosity")
	}
	if at := strings.Index(lines, "secret-"); at >= 0 {
		t.Errorf("the log contains …%s…", lines[max(0, at-200):min(len(lines), at+100)])
	}
}
