// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"k8s.io/klog/v2"
)

// asksForLog is the variable of the environment that tells the test to be the process whose log is read.
const asksForLog = "TENANTVIEW_TEST_LOG"

// What a request authenticates with, and what the front proxy says of a user, is in no log, at any
// verbosity.
func TestHeadersAreNotLogged(t *testing.T) {
	// The log is one for the process, and goroutines of other tests may use it: a process of its own has its own.
	if os.Getenv(asksForLog) == "" {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=2m")
		child.Env = append(os.Environ(), asksForLog+"=1")
		output, err := child.CombinedOutput()
		lines := string(output)
		if err != nil {
			t.Fatalf("%v:\n%s", err, lines)
		}
		if !strings.Contains(lines, "tenantnamespaces/absent") {
			t.Error("requests are not logged at this verbosity")
		}
		if at := strings.Index(lines, "secret-"); at >= 0 {
			t.Errorf("the log contains …%s…", lines[max(0, at-200):min(len(lines), at+100)])
		}
		return
	}
	var flags flag.FlagSet
	klog.InitFlags(&flags)
	if err := flags.Set("v", "10"); err != nil {
		t.Fatal(err)
	}
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
}
