// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package impersonate_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapifilters "k8s.io/apiserver/pkg/endpoints/filters"
	"k8s.io/apiserver/pkg/endpoints/filters/impersonation"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/pkg/impersonate"
)

var nodes = corev1.SchemeGroupVersion.WithResource("nodes")

// kubeAPI is the part of kube-apiserver that finds out who a request is from. It answers writes of nodes
// with a Node, and notes the user.
type kubeAPI struct {
	server *httptest.Server
	seen   []user.Info
}

func newKubeAPI(t *testing.T, http2 bool) *kubeAPI {
	k := &kubeAPI{}
	allow := authorizer.AuthorizerFunc(func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
		// kube-apiserver tries kinds of impersonation that name the request before the one for all.
		if a.GetVerb() == "impersonate" {
			return authorizer.DecisionAllow, "", nil
		}
		return authorizer.DecisionDeny, "", nil
	})
	handler := impersonation.WithConstrainedImpersonation(k, allow, scheme.Codecs)
	infos := &genericapirequest.RequestInfoFactory{APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")}
	authenticated := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		handler.ServeHTTP(w, req.WithContext(genericapirequest.WithUser(req.Context(), &user.DefaultInfo{Name: "server"})))
	})
	k.server = httptest.NewUnstartedServer(genericapifilters.WithRequestInfo(authenticated, infos))
	k.server.EnableHTTP2 = http2
	k.server.StartTLS()
	t.Cleanup(k.server.Close)
	return k
}

func (k *kubeAPI) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	u, _ := genericapirequest.UserFrom(req.Context())
	k.seen = append(k.seen, u)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Add("Warning", `299 - "mind the gap"`)
	_ = json.NewEncoder(w).Encode(corev1.Node{TypeMeta: metav1.TypeMeta{Kind: "Node", APIVersion: "v1"}, ObjectMeta: metav1.ObjectMeta{Name: "n"}})
}

func (k *kubeAPI) client(t *testing.T) *impersonate.Client {
	t.Helper()
	c, err := impersonate.NewClient(&rest.Config{Host: k.server.URL, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}, nodes.GroupVersion())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Admission, audit and RBAC must see exactly the user, plus the server's group.
func TestIdentitiesArriveUnchanged(t *testing.T) {
	for name, u := range map[string]user.DefaultInfo{
		"a person":                 {Name: "alice", Groups: []string{"devs", user.AllAuthenticated}},
		"a service account":        {Name: "system:serviceaccount:ns:sa", UID: "1-2", Groups: []string{"system:serviceaccounts", "system:serviceaccounts:ns", user.AllAuthenticated}, Extra: map[string][]string{"authentication.kubernetes.io/pod-name": {"p"}}},
		"an administrator":         {Name: "root", Groups: []string{user.SystemPrivilegedGroup, user.AllAuthenticated}},
		"nobody":                   {Name: user.Anonymous, Groups: []string{user.AllUnauthenticated}},
		"a kubelet":                {Name: "system:node:n", Groups: []string{user.NodesGroup, user.AllAuthenticated}},
		"odd names":                {Name: "oidc:%2F/Ünïcode 名 \"x\"?&=#", UID: "%41/ü", Groups: []string{"Devs", "devs", "a/b%2fc", "团队", "", "x,y", user.AllAuthenticated}},
		"odd attributes":           {Name: "a", Groups: []string{user.AllAuthenticated}, Extra: map[string][]string{"example.com/%41b/ü: é": {"", "A%2f", "ü", "ü"}, "%": {"1"}, "x-y_z": {"a, b"}}},
		"the same group twice":     {Name: "a", Groups: []string{"g", "g", user.AllAuthenticated}},
		"many groups":              {Name: "a", Groups: append(slices.Repeat([]string{strings.Repeat("g", 50)}, 500), user.AllAuthenticated)},
		"a service account's look": {Name: "system:serviceaccount:ns", Groups: []string{user.AllAuthenticated}},
	} {
		for _, http2 := range []bool{false, true} {
			k := newKubeAPI(t, http2)
			c := k.client(t)
			if _, err := c.Patch(t.Context(), &u, nodes, "n", types.MergePatchType, []byte("{}"), metav1.PatchOptions{}); err != nil {
				t.Errorf("%s: patch: %v", name, err)
			}
			if _, err := c.Delete(t.Context(), &u, nodes, "n", metav1.DeleteOptions{}); err != nil {
				t.Errorf("%s: delete: %v", name, err)
			}
			want := u
			want.Groups = append(slices.Clone(u.Groups), "tenantview.capsule.dev:operators")
			if len(k.seen) != 2 {
				t.Errorf("%s: %d requests arrived", name, len(k.seen))
			}
			for _, got := range k.seen {
				if diff := cmp.Diff(&want, got); diff != "" {
					t.Errorf("%s, HTTP/2 %v (-want +got):\n%s", name, http2, diff)
				}
			}
		}
	}
}

// What HTTP would change must not be sent: somebody else would be asked about.
func TestIdentitiesThatWouldChange(t *testing.T) {
	k := newKubeAPI(t, false)
	c := k.client(t)
	extra := func(key string, values ...string) user.DefaultInfo {
		return user.DefaultInfo{Name: "a", Extra: map[string][]string{key: values}}
	}
	for name, u := range map[string]user.DefaultInfo{
		"no name":             {Groups: []string{"system:masters"}},
		"space before":        {Name: " alice"},
		"space after":         {Name: "alice", Groups: []string{"devs\t"}},
		"a line break":        {Name: "alice\r\nImpersonate-Group: system:masters"},
		"a control character": {Name: "alice", UID: "\x00"},
		"delete":              {Name: "a\x7f"},
		"no UTF-8":            {Name: "a\xff"},
		"the server's group":  {Name: "alice", Groups: []string{"tenantview.capsule.dev:operators"}},
		"a key in upper case": extra("Scopes", "a"),
		"an empty key":        extra("", "a"),
		"a key without UTF-8": extra("\xff", "a"),
		"no value":            extra("scopes"),
		"a value's space":     extra("scopes", "a "),
	} {
		if err := impersonate.Check(&u); err == nil {
			t.Errorf("%s: it is not refused", name)
		}
		if _, err := c.Patch(t.Context(), &u, nodes, "n", types.MergePatchType, []byte("{}"), metav1.PatchOptions{}); err == nil {
			t.Errorf("%s: it is sent", name)
		}
	}
	if len(k.seen) > 0 {
		t.Errorf("%d requests have arrived, the first of %v", len(k.seen), k.seen[0])
	}
}

// recorder keeps warnings.
type recorder struct{ texts []string }

func (r *recorder) AddWarning(_, text string) { r.texts = append(r.texts, text) }

// Users must get the warnings of kube-apiserver, of deprecated labels for example.
func TestWarningsArePassedOn(t *testing.T) {
	c := newKubeAPI(t, false).client(t)
	r := &recorder{}
	if _, err := c.Delete(warning.WithWarningRecorder(t.Context(), r), &user.DefaultInfo{Name: "alice"}, nodes, "n", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"mind the gap"}, r.texts); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// When kube-apiserver has too much to do, the user must wait and not a place of this server.
func TestNothingIsRetried(t *testing.T) {
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	t.Cleanup(server.Close)
	c, err := impersonate.NewClient(&rest.Config{Host: server.URL}, nodes.GroupVersion())
	if err != nil {
		t.Fatal(err)
	}
	alice := &user.DefaultInfo{Name: "alice"}
	_, patch := c.Patch(t.Context(), alice, nodes, "n", types.MergePatchType, []byte("{}"), metav1.PatchOptions{})
	_, deletion := c.Delete(t.Context(), alice, nodes, "n", metav1.DeleteOptions{})
	if !apierrors.IsTooManyRequests(patch) || !apierrors.IsTooManyRequests(deletion) || requests != 2 {
		t.Errorf("%v and %v after %d requests", patch, deletion, requests)
	}
}

// A client that impersonates somebody by its configuration would write as that user.
func TestConfigurationMustNotImpersonate(t *testing.T) {
	_, err := impersonate.NewClient(&rest.Config{Host: "https://localhost", Impersonate: rest.ImpersonationConfig{UserName: "admin"}}, nodes.GroupVersion())
	if err == nil {
		t.Error("it is accepted")
	}
}
