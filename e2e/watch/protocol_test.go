// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/testcluster"
)

// What clients write for a watch, besides Go's.
func TestSpellings(t *testing.T) {
	everybodys.start(t)
	user := shared.As(t, newScene().user)
	for _, k := range kinds {
		for _, path := range []string{"?watch=1", "?watch=true", "?watch=True", "/?watch=1", "/?watch=true&resourceVersion=0"} {
			for _, protocol := range []string{"http/1.1", "h2"} {
				config := rest.CopyConfig(user)
				config.NextProtos = []string{protocol}
				stream := testcluster.Watch(t, config, k.Path()+path)
				if want := map[string]string{"http/1.1": "HTTP/1.1", "h2": "HTTP/2.0"}[protocol]; stream.Proto != want {
					t.Errorf("asked for %s, got %s", want, stream.Proto)
				}
				if e := stream.Next(t); e.String() != "ADDED "+sentinelName {
					t.Errorf("%s%s by %s begins with %v", k.Path(), path, protocol, e)
				}
				stream.Stop()
			}
		}
	}
}

// Dashboards watch by WebSocket. They start with the resourceVersion of a list, and browsers send their
// origin.
func TestWebSocket(t *testing.T) {
	for name, protocols := range map[string][]string{"no sub-protocol": nil, "base64.binary.k8s.io": {"base64.binary.k8s.io"}} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			everybodys.start(t)
			s.create(t, solar+everyKind("x$", "solar$"))
			everybodys.passAll(t)
			user := shared.As(t, s.user)
			for _, k := range kinds {
				rv := testcluster.Get(t, user, k.Path()).List(t).GetResourceVersion()
				ours := dial(t, user, k.Path()+"?watch=1&resourceVersion="+rv, protocols)
				rv = testcluster.Get(t, shared.Admin, k.UpstreamPath()).List(t).GetResourceVersion()
				theirs := dial(t, shared.Admin, k.UpstreamPath()+"?watch=1&resourceVersion="+rv, protocols)
				s.patch(t, k.UpstreamKind, "x$", "metadata: {annotations: {a: b}}")
				got, want := readFrame(t, ours, s.of("x$")), readFrame(t, theirs, s.of("x$"))
				if got.messageType != want.messageType {
					t.Errorf("%s: got frames of type %d, kube-apiserver's are of type %d", k.Upstream.Resource, got.messageType, want.messageType)
				}
				if got.event.String() != s.of("MODIFIED x$") || got.event.Object.GetKind() != k.Kind() {
					t.Errorf("got %v of a %s", got.event, got.event.Object.GetKind())
				}
				if diff := cmp.Diff(want.event.Object.GetAnnotations(), got.event.Object.GetAnnotations()); diff != "" {
					t.Errorf("annotations (-upstream +got):\n%s", diff)
				}
				if ours.Subprotocol() != theirs.Subprotocol() {
					t.Errorf("got sub-protocol %q, kube-apiserver's is %q", ours.Subprotocol(), theirs.Subprotocol())
				}
			}
		})
	}
}

// dial opens a WebSocket, which the test closes.
func dial(t *testing.T, config *rest.Config, path string, protocols []string) *websocket.Conn {
	t.Helper()
	certificate, err := tls.X509KeyPair(config.CertData, config.KeyData)
	if err != nil {
		t.Fatal(err)
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(config.CAData)
	dialer := websocket.Dialer{
		TLSClientConfig: &tls.Config{RootCAs: authorities, Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		Subprotocols:    protocols,
	}
	address := strings.Replace(config.Host, "https://", "wss://", 1) + path
	socket, response, err := dialer.DialContext(t.Context(), address, http.Header{"Origin": {config.Host}})
	if err != nil {
		t.Fatalf("%v: %+v", err, response)
	}
	t.Cleanup(func() { socket.Close() })
	return socket
}

type frame struct {
	messageType int
	event       testcluster.Event
}

// readFrame returns the next frame with an event of that object.
func readFrame(t *testing.T, socket *websocket.Conn, name string) frame {
	t.Helper()
	for {
		if err := socket.SetReadDeadline(time.Now().Add(testcluster.Patience)); err != nil {
			t.Fatal(err)
		}
		messageType, data, err := socket.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		event, err := testcluster.ParseEvent(data)
		if err != nil {
			t.Fatalf("%v in %s", err, data)
		}
		if event.Name() == name {
			return frame{messageType, event}
		}
	}
}

// Metadata informers, and controllers that watch only metadata, ask for PartialObjectMetadata: first in
// protobuf, and in JSON if there is none.
func TestMetadata(t *testing.T) {
	const asPartial, asList = ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1", ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
	for name, test := range map[string]struct{ accept, want string }{
		"as client-go asks": {"", "application/vnd.kubernetes.protobuf"},
		"JSON":              {"application/json", "application/json"},
		"protobuf":          {"application/vnd.kubernetes.protobuf", "application/vnd.kubernetes.protobuf"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			everybodys.start(t)
			s.create(t, solar+everyKind("x$", "solar$"))
			everybodys.passAll(t)
			config := rest.CopyConfig(shared.As(t, s.user))
			var types []string
			config.Wrap(func(next http.RoundTripper) http.RoundTripper {
				return roundTripper(func(request *http.Request) (*http.Response, error) {
					switch {
					case test.accept == "":
					case strings.Contains(request.URL.RawQuery, "watch"):
						request.Header.Set("Accept", test.accept+asPartial)
					default:
						request.Header.Set("Accept", test.accept+asList)
					}
					response, err := next.RoundTrip(request)
					if err == nil {
						contentType, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
						types = append(types, contentType)
					}
					return response, err
				})
			})
			client, err := metadata.NewForConfig(config)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range kinds {
				resource := client.Resource(k.GVR())
				list, err := resource.List(t.Context(), metav1.ListOptions{})
				if err != nil {
					t.Fatal(err)
				}
				var names []string
				for _, item := range list.Items {
					names = append(names, item.Name)
				}
				if diff := cmp.Diff([]string{sentinelName, s.of("x$")}, names); diff != "" {
					t.Errorf("%s (-want +got):\n%s", k.Upstream.Resource, diff)
				}
				if list.ResourceVersion == "" || list.Items[0].UID == "" {
					t.Errorf("the list of %s lacks metadata: %+v", k.Upstream.Resource, list)
				}
				w, err := resource.Watch(t.Context(), metav1.ListOptions{ResourceVersion: list.ResourceVersion, AllowWatchBookmarks: true})
				if err != nil {
					t.Fatal(err)
				}
				s.patch(t, k.UpstreamKind, "x$", "metadata: {annotations: {a: c}}")
				event, ok := <-w.ResultChan()
				o, isPartial := event.Object.(*metav1.PartialObjectMetadata)
				if !ok || !isPartial || event.Type != "MODIFIED" || o.Name != s.of("x$") || o.Annotations["a"] != "c" {
					t.Errorf("%s: got %s %+v", k.Upstream.Resource, event.Type, event.Object)
				}
				w.Stop()
			}
			if types = slices.Compact(types); len(types) != 1 || types[0] != test.want {
				t.Errorf("got answers as %v, want %s", types, test.want)
			}
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }
