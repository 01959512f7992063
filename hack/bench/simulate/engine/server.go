// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/pkg/apiserver"
	"capsule.dev/tenantview/pkg/grants"
)

// Headers that name the user of a request, as kube-apiserver's do. The server believes everybody.
const (
	UserHeader  = "X-Remote-User"
	GroupHeader = "X-Remote-Group"
)

// Ready is what a server says when it is ready. It serves until its input ends.
type Ready struct {
	// Host is the server's URL, without a certificate that anybody knows.
	Host string
}

// Serve runs a whole server of the cluster which upstream serves. It prints Ready as JSON once the server has read the
// cluster and has settled, and then the Memory of the process for each line of its input.
func Serve(ctx context.Context, upstream *rest.Config, input io.Reader, output io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	host, server, err := newServer(upstream)
	if err != nil {
		return err
	}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Run(ctx) }()
	if err := untilReady(ctx, host, stopped); err != nil {
		return err
	}
	time.Sleep(2 * settle)
	results := json.NewEncoder(output)
	if err := results.Encode(Ready{host}); err != nil {
		return err
	}
	lines := json.NewDecoder(input)
	for {
		var line string
		if err := lines.Decode(&line); errors.Is(err, io.EOF) {
			stop()
			return <-stopped
		} else if err != nil {
			return err
		}
		m, err := memory()
		if err != nil {
			return err
		}
		if err := results.Encode(m); err != nil {
			return err
		}
	}
}

func newServer(upstream *rest.Config) (host string, server *apiserver.Server, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	serving := genericoptions.NewSecureServingOptions().WithLoopback()
	serving.Listener, serving.BindAddress = listener, net.IPv4(127, 0, 0, 1)
	serving.ServerCert.CertDirectory = "" // in memory
	if err := serving.MaybeDefaultWithSelfSignedCerts("localhost", nil, nil); err != nil {
		return "", nil, err
	}
	generic := apiserver.NewGenericConfig()
	if err := serving.ApplyToConfig(generic); err != nil {
		return "", nil, err
	}
	generic.Authentication.Authenticator = authenticator.RequestFunc(func(r *http.Request) (*authenticator.Response, bool, error) {
		groups := append([]string{user.AllAuthenticated}, r.Header.Values(GroupHeader)...)
		return &authenticator.Response{User: &user.DefaultInfo{Name: r.Header.Get(UserHeader), Groups: groups}}, true, nil
	})
	decide := func(d authorizer.Decision) authorizer.AuthorizerFunc {
		return func(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) { return d, "", nil }
	}
	generic.Authorization.Authorizer = decide(authorizer.DecisionAllow)
	config := &apiserver.Config{Generic: generic, Cluster: upstream, Reviews: decide(authorizer.DecisionNoOpinion), Policy: grants.DefaultPolicy()}
	server, err = config.Complete().New()
	return "https://" + listener.Addr().String(), server, err
}

// untilReady waits until a server has read the cluster.
func untilReady(ctx context.Context, host string, stopped <-chan error) error {
	client := Client()
	for {
		select {
		case err := <-stopped:
			return fmt.Errorf("the server has stopped: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, host+"/readyz", http.NoBody)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			continue
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err == nil && strings.TrimSpace(string(body)) == "ok" {
			return nil
		}
	}
}
