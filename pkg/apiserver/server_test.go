// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/pkg/apis/tenantview/v1alpha1"
	"capsule.dev/tenantview/pkg/grants"
)

const group = "/apis/tenantview.capsule.dev/v1alpha1"

// running is a server that serves on loopback.
type running struct {
	*Server
	url    string
	client *http.Client
	// stop shuts the server down gracefully.
	stop context.CancelFunc
}

// newServer starts a server over an upstream. It authenticates users by a header. It stops with the
// test.
func newServer(t testing.TB, u *upstream, changes ...func(*genericapiserver.Config)) *running {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serving := genericoptions.NewSecureServingOptions().WithLoopback()
	serving.Listener, serving.BindAddress = listener, net.IPv4(127, 0, 0, 1)
	serving.ServerCert.CertDirectory = "" // in memory
	if err := serving.MaybeDefaultWithSelfSignedCerts("localhost", nil, nil); err != nil {
		t.Fatal(err)
	}
	generic := NewGenericConfig()
	if err := serving.ApplyToConfig(generic); err != nil {
		t.Fatal(err)
	}
	generic.Authentication.Authenticator = authenticator.RequestFunc(authenticate)
	generic.Authorization.Authorizer = authorizer.AuthorizerFunc(authorize)
	for _, change := range changes {
		change(generic)
	}
	config := &Config{
		Generic: generic,
		Cluster: &rest.Config{Host: u.server.URL},
		Reviews: authorizer.AuthorizerFunc(review),
		Policy:  grants.DefaultPolicy(),
	}
	server, err := config.Complete().New()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- server.Run(ctx) }()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // a loopback server with a self-signed certificate
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	s := &running{Server: server, url: "https://" + listener.Addr().String(), client: &http.Client{Transport: transport}, stop: stop}
	eventually(t, "it serves", func() bool { return s.status("/livez") == http.StatusOK })
	return s
}

// newReadyServer starts a server and waits until it has read its upstream.
func newReadyServer(t testing.TB, changes ...func(*genericapiserver.Config)) *running {
	t.Helper()
	s := newServer(t, newUpstream(t), changes...)
	eventually(t, "it is ready", func() bool { return s.status("/readyz") == http.StatusOK })
	return s
}

// Each server gives its own resourceVersions, which mean nothing to other servers.
func TestServersCountEachForItself(t *testing.T) {
	given := make(map[string]bool)
	for range 3 {
		server := newReadyServer(t)
		list := read[v1alpha1.TenantNamespaceList](t, server.get(t, "alice", group+"/tenantnamespaces", ""))
		if revision, ok := strings.CutPrefix(list.ResourceVersion, "1000"); !ok || len(revision) != 6 {
			t.Errorf("resourceVersion %q, want 1000 and six digits", list.ResourceVersion)
		}
		given[list.ResourceVersion] = true
		// The digits are those of the server, whatever the kind.
		nodes := read[v1alpha1.TenantNodeList](t, server.get(t, "alice", group+"/tenantnodes", ""))
		if digits := len(list.ResourceVersion) - 6; !strings.HasSuffix(nodes.ResourceVersion, list.ResourceVersion[digits:]) {
			t.Errorf("resourceVersion %s of nodes, and %s of namespaces", nodes.ResourceVersion, list.ResourceVersion)
		}
	}
	if len(given) < 2 {
		t.Errorf("all servers give %v", given)
	}
}

func authenticate(r *http.Request) (*authenticator.Response, bool, error) {
	name := r.Header.Get("X-User")
	if name == "" {
		return nil, false, nil
	}
	groups := []string{user.AllAuthenticated}
	if name == "administrator" {
		groups = append(groups, user.SystemPrivilegedGroup)
	}
	return &authenticator.Response{User: &user.DefaultInfo{Name: name, Groups: groups}}, true, nil
}

// authorize allows everything to every user except mallory.
func authorize(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	if a.GetUser().GetName() == "mallory" {
		return authorizer.DecisionDeny, "", nil
	}
	return authorizer.DecisionAllow, "", nil
}

// review allows root to list and get everything upstream. It fails for users who are unlucky.
func review(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	if a.GetUser().GetName() == "root" {
		return authorizer.DecisionAllow, "", nil
	}
	if strings.HasSuffix(a.GetUser().GetName(), "-unlucky") {
		return authorizer.DecisionNoOpinion, "", errors.New("away")
	}
	return authorizer.DecisionNoOpinion, "", nil
}

// eventually polls until the condition holds.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		return condition(), nil
	})
	if err != nil {
		t.Fatalf("waiting until %s: %v", what, err)
	}
}

// response holds the parts of a response that tests check.
type response struct {
	Code   int
	Header http.Header
	Body   string
}

// send sends a request as a user.
func (s *running) send(user, method, path, accept, body string) (response, error) {
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return response{}, err
	}
	if user != "" {
		r.Header.Set("X-User", user)
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	got, err := s.client.Do(r)
	if err != nil {
		return response{}, err
	}
	defer got.Body.Close()
	data, err := io.ReadAll(got.Body)
	return response{got.StatusCode, got.Header, string(data)}, err
}

func (s *running) get(t *testing.T, user, path, accept string) response {
	t.Helper()
	r, err := s.send(user, http.MethodGet, path, accept, "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// status returns the code of a GET by an administrator; 0 if there is no answer.
func (s *running) status(path string) int {
	r, err := s.send("admin", http.MethodGet, path, "", "")
	if err != nil {
		return 0
	}
	return r.Code
}

// read decodes a JSON response.
func read[T any](t *testing.T, r response) T {
	t.Helper()
	var into T
	if r.Code != http.StatusOK {
		t.Fatalf("code %d: %s", r.Code, r.Body)
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(r.Body)))
	if err := decoder.Decode(&into); err != nil {
		t.Fatalf("%v: %s", err, r.Body)
	}
	return into
}

// Options that the filters of the server would ignore must not be taken in silence.
func TestOptionsThatTheFiltersIgnore(t *testing.T) {
	for name, set := range map[string]func(*genericapiserver.Config){
		"none":        func(*genericapiserver.Config) {},
		"CORS":        func(c *genericapiserver.Config) { c.CorsAllowedOriginList = []string{".*"} },
		"goaway":      func(c *genericapiserver.Config) { c.GoawayChance = 0.1 },
		"retry-after": func(c *genericapiserver.Config) { c.ShutdownSendRetryAfter = true },
	} {
		config := NewGenericConfig()
		set(config)
		if err := checkChain(config); (err != nil) != (name != "none") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
