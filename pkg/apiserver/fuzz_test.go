// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/net/http/httpguts"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	"k8s.io/apiserver/pkg/authentication/request/union"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"sigs.k8s.io/yaml"
)

// fuzzedServer returns the handler of a server that believes a front proxy with a certificate, which
// no request has, and in which nobody may impersonate anybody.
func fuzzedServer(t testing.TB) http.Handler {
	return newReadyServer(t, func(c *genericapiserver.Config) {
		list := func(values ...string) headerrequest.StringSliceProvider {
			return headerrequest.StaticStringSlice(values)
		}
		c.Authentication.RequestHeaderConfig = &authenticatorfactory.RequestHeaderConfig{
			UsernameHeaders: list("X-Remote-User"), UIDHeaders: list("X-Remote-Uid"), GroupHeaders: list("X-Remote-Group"), ExtraHeaderPrefixes: list("X-Remote-Extra-"),
		}
		known := c.Authentication.RequestHeaderConfig
		noCA := func() (x509.VerifyOptions, bool) { return x509.VerifyOptions{Roots: x509.NewCertPool()}, true }
		c.Authentication.Authenticator = union.New(
			headerrequest.NewDynamicVerifyOptionsSecure(noCA, list("front-proxy-client"), known.UsernameHeaders, known.UIDHeaders, known.GroupHeaders, known.ExtraHeaderPrefixes),
			authenticator.RequestFunc(authenticate))
		c.Authorization.Authorizer = authorizer.AuthorizerFunc(func(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
			if a.GetVerb() == "impersonate" || strings.HasPrefix(a.GetVerb(), "impersonate:") {
				return authorizer.DecisionNoOpinion, "", nil
			}
			return authorize(ctx, a)
		})
	}).generic.Handler
}

// ask returns what a handler answers to a request with these headers, which are lines of "Name: value".
// ok is false if no client could send it.
func ask(t *testing.T, handler http.Handler, method, user, path, query, accept, headers string) (answer response, ok bool) {
	t.Helper()
	target := &url.URL{Path: group + path, RawQuery: query}
	parsed, err := url.ParseRequestURI(target.RequestURI())
	if err != nil || !httpguts.ValidHeaderFieldValue(accept) || strings.ContainsAny(query, " #\x7f") || strings.ContainsFunc(query, func(r rune) bool { return r < ' ' }) {
		return response{}, false
	}
	timeout := time.Minute
	if waits(parsed) {
		timeout = 20 * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	r.Method, r.URL, r.RequestURI = method, parsed, target.RequestURI()
	for line := range strings.SplitSeq(headers, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		if line != "" && (!httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value)) {
			return response{}, false
		}
		if name := http.CanonicalHeaderKey(name); line != "" && name != "X-User" && name != "Accept-Encoding" {
			r.Header.Add(name, value)
		}
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	r.Header.Set("X-User", user)
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
	w := recorder{httptest.NewRecorder()}
	handler.ServeHTTP(w, r)
	w.Header().Del("Audit-Id") // differs for each request
	return response{Code: w.Code, Header: w.Header(), Body: w.Body.String()}, true
}

// waits reports whether a request may wait: a watch, and whatever names a version of the future.
func waits(u *url.URL) bool {
	query := u.Query()
	return query.Has("watch") || query.Has("resourceVersion") || strings.Contains(u.Path, "/watch/")
}

// recorder has what the generic server requires of an HTTP/2 response, or it would start no watch.
type recorder struct{ *httptest.ResponseRecorder }

func (recorder) CloseNotify() <-chan bool { return nil }

// changing are the parts of an answer that differ between two equal requests.
var changing = regexp.MustCompile(`"continue":"[^"]*"|continue: .*|[0-9.]+(ns|µs|ms|s)\b`)

// FuzzRequest sends any request through all filters of a server, as alice, as a user without grants and
// as one who may do nothing. No header or option may show a hidden object, or distinguish one from an
// object that does not exist. No request may be an internal error, which includes a panic.
func FuzzRequest(f *testing.F) {
	for _, query := range []string{
		"", "limit=1", "limit=-1", "limit=1&continue=x", "watch=true", "watch=1&resourceVersion=1000", "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
		"resourceVersion=1000&resourceVersionMatch=Exact", "resourceVersion=99999999999999999999", "labelSelector=a+in+(b,c),!d", "labelSelector=a+in+(", "fieldSelector=metadata.name%3Dhidden-a",
		"fieldSelector=metadata.name!=solar-a", "includeObject=Object", "includeObject=None", "timeoutSeconds=0&watch=1", "pretty=1", "limit=%zz", "timeout=1ms", "labelSelector=kubernetes.io/metadata.name%3Dhidden-a;x",
	} {
		f.Add(uint8(0), uint8(0), "/tenantnamespaces", query, "", "")
		f.Add(uint8(0), uint8(1), "/tenantnamespaces/hidden-a", query, "application/json;as=Table;v=v1;g=meta.k8s.io", "")
	}
	for i, headers := range []string{
		"X-Remote-User: root\nX-Remote-Group: system:masters", "Impersonate-User: root", "Impersonate-Group: system:masters", "Impersonate-User: root\nImpersonate-Extra-A%zz: b\nImpersonate-Uid: 1",
		"X-Remote-Extra-Impersonate: root", "Authorization: Bearer x", "X-Http-Method-Override: DELETE", "Content-Type: application/vnd.kubernetes.protobuf\nContent-Length: 5", "Upgrade: websocket\nConnection: Upgrade",
		"If-None-Match: \"x\"", "Range: bytes=0-1", "Audit-Id: hidden", "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "X-Forwarded-For: 1.2.3.4\nX-Real-Ip: ::1", "User-Agent: ",
	} {
		f.Add(uint8(0), uint8(i), "/tenantnodes", "", "", headers)
		f.Add(uint8(i), uint8(0), "/tenantnamespaces/hidden-a", "", "application/yaml", headers)
	}
	for _, path := range []string{"", "/", "//", "/tenantnamespaces/", "/tenantnamespaces/hidden-a/status", "/watch/tenantnamespaces", "/watch/tenantnamespaces/hidden-a", "/namespaces/hidden-a/tenantnamespaces", "/../v1alpha1/tenantnodes/hidden-node", "/tenantnamespaces/hidden%2Da", "/tenantnamespaces/.."} {
		f.Add(uint8(0), uint8(0), path, "", "", "")
	}
	handler := fuzzedServer(f)
	methods := []string{"GET", "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}
	users := []string{"alice", "carol", "mallory"}
	f.Fuzz(func(t *testing.T, method, user uint8, path, query, accept, headers string) {
		m, who := methods[int(method)%len(methods)], users[int(user)%len(users)]
		got, ok := ask(t, handler, m, who, path, query, accept, headers)
		if !ok {
			t.Skip("no request")
		}
		what := m + " " + path + "?" + query
		if got.Code >= 500 && got.Code != http.StatusGatewayTimeout && got.Code != http.StatusServiceUnavailable {
			t.Errorf("%s as %s: code %d: %s", what, who, got.Code, got.Body)
		}
		all := got.Body + strings.Join(sortedLines(got.Header), "\n")
		if asked := path + query + accept + headers; !strings.Contains(asked, "hidden") && strings.Contains(all, "hidden") {
			t.Errorf("%s as %s shows a hidden object: %s", what, who, all)
		}
		if strings.Contains(all, "uid-hidden") && !strings.Contains(path+query+accept+headers, "uid-hidden") {
			t.Errorf("%s as %s shows a hidden object: %s", what, who, all)
		}
		if !strings.Contains(path+query, "hidden") {
			return
		}
		// An object that does not exist, with a name of the same length.
		absent := strings.NewReplacer("hidden", "absent")
		want, ok := ask(t, handler, m, who, absent.Replace(path), absent.Replace(query), absent.Replace(accept), absent.Replace(headers))
		if !ok {
			t.Skip("no request")
		}
		if got.Code == http.StatusGatewayTimeout || want.Code == http.StatusGatewayTimeout {
			t.Skip("the request has ended at some point")
		}
		if target, err := url.Parse(path + "?" + query); err == nil && waits(target) && got.Code == http.StatusOK {
			got.Body, want.Body = "", "" // the beginning of a stream
		}
		got.Body, want.Body = changing.ReplaceAllString(absent.Replace(got.Body), ""), changing.ReplaceAllString(want.Body, "")
		if diff := gocmp.Diff(want.Body, got.Body); got.Code != want.Code || diff != "" {
			t.Errorf("%s as %s: codes %d and %d, (-absent +hidden):\n%s", what, who, want.Code, got.Code, diff)
		}
	})
}

func sortedLines(h http.Header) []string {
	var lines []string
	for name := range h {
		lines = append(lines, name+": "+strings.Join(h.Values(name), ","))
	}
	return lines
}

// FuzzAccept asks for a list and an object with any Accept header. The answer is in a form that was asked
// for, or says that there is none.
func FuzzAccept(f *testing.F) {
	const table, metadata = ";as=Table;v=v1;g=meta.k8s.io", ";as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
	for _, accept := range []string{
		"", "*/*", "application/json", "application/json" + table, "application/yaml" + table + ",application/json", "application/vnd.kubernetes.protobuf" + metadata + ",application/json", "application/vnd.kubernetes.protobuf",
		"application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", "application/cbor", "application/json;stream=watch", "application/json;q=0.1,application/yaml;q=0.9", ",", ";", "application/json;as=Table;v=v2;g=meta.k8s.io",
		"application/json;as=", "text/html;as=Table", strings.Repeat("a/b,", 300), "application/json;pretty=1;as=Table;as=Table", "application/json;profile=nopeer;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io", "application/json;charset=\"utf-8", "\"",
	} {
		f.Add(accept)
	}
	handler := fuzzedServer(f)
	forms := sets.New("TenantNamespaceList", "TenantNamespace", "Table", "PartialObjectMetadataList", "PartialObjectMetadata")
	f.Fuzz(func(t *testing.T, accept string) {
		for _, path := range []string{"/tenantnamespaces", "/tenantnamespaces/solar-a", "/tenantnamespaces/hidden-a"} {
			got, ok := ask(t, handler, http.MethodGet, "alice", path, "", accept, "")
			if !ok {
				t.Skip("no header")
			}
			var o struct {
				Kind string `json:"kind"`
			}
			contentType, _, _ := strings.Cut(got.Header.Get("Content-Type"), ";")
			switch {
			case got.Code == http.StatusOK && path == "/tenantnamespaces/hidden-a":
				t.Errorf("Accept %q shows a hidden object", accept)
			case got.Code == http.StatusOK && contentType == "application/vnd.kubernetes.protobuf":
				if !strings.Contains(accept, "PartialObjectMetadata") || !strings.HasPrefix(got.Body, "k8s\x00") {
					t.Errorf("Accept %q of %s: protobuf %q", accept, path, got.Body)
				}
			case got.Code == http.StatusOK && contentType == "application/yaml":
				if err := yaml.Unmarshal([]byte(got.Body), &o); err != nil || !forms.Has(o.Kind) {
					t.Errorf("Accept %q of %s: %v, %s", accept, path, err, got.Body)
				}
			case got.Code == http.StatusOK && contentType == "application/json":
				if err := json.Unmarshal([]byte(got.Body), &o); err != nil || !forms.Has(o.Kind) {
					t.Errorf("Accept %q of %s: %v, %s", accept, path, err, got.Body)
				}
			case got.Code != http.StatusNotAcceptable && got.Code != http.StatusNotFound && got.Code != http.StatusBadRequest:
				t.Errorf("Accept %q of %s: code %d, %q: %s", accept, path, got.Code, contentType, got.Body)
			}
			if strings.Contains(got.Body, "uid-hidden") {
				t.Errorf("Accept %q of %s: %s", accept, path, got.Body)
			}
		}
	})
}
