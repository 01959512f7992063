// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/kubernetes/scheme"
)

// reviewing starts a kube-apiserver that allows alice everything and counts its reviews.
func reviewing(t *testing.T) (kubeconfig string, asked *atomic.Int64) {
	asked = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		var review authorizationv1.SubjectAccessReview
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if _, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, &review); err != nil {
			t.Error(err)
		}
		review.TypeMeta = metav1.TypeMeta{Kind: "SubjectAccessReview", APIVersion: "authorization.k8s.io/v1"}
		review.Status.Allowed = review.Spec.User == "alice"
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(review)
	}))
	t.Cleanup(server.Close)
	kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	content := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "c",
		"clusters": [{"name": "c", "cluster": {"server": %q}}], "contexts": [{"name": "c", "context": {"cluster": "c"}}]}`, server.URL)
	if err := os.WriteFile(kubeconfig, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return kubeconfig, asked
}

// The flags have the same meaning as for every aggregated API server.
func TestAuthorization(t *testing.T) {
	type question struct {
		user, group, path, name string
	}
	lists := func(user string) []question { return []question{{user: user}, {user: user}} }
	for name, tc := range map[string]struct {
		args  []string
		ask   []question
		want  authorizer.Decision
		asked int64
	}{
		"allowed":                 {nil, lists("alice"), authorizer.DecisionAllow, 1},
		"not allowed":             {nil, lists("bob"), authorizer.DecisionNoOpinion, 1},
		"permissions not kept":    {[]string{"--authorization-webhook-cache-authorized-ttl=0"}, lists("alice"), authorizer.DecisionAllow, 2},
		"refusals not kept":       {[]string{"--authorization-webhook-cache-unauthorized-ttl=0"}, lists("bob"), authorizer.DecisionNoOpinion, 2},
		"two names":               {nil, []question{{user: "alice", name: "a"}, {user: "alice", name: "b"}}, authorizer.DecisionAllow, 1},
		"two names, not allowed":  {nil, []question{{user: "bob", name: "a"}, {user: "bob", name: "b"}}, authorizer.DecisionNoOpinion, 3},
		"an administrator":        {nil, []question{{user: "bob", group: "system:masters"}}, authorizer.DecisionAllow, 0},
		"a probe":                 {nil, []question{{user: "bob", path: "/readyz"}}, authorizer.DecisionAllow, 0},
		"another path":            {nil, []question{{user: "bob", path: "/metrics"}}, authorizer.DecisionNoOpinion, 1},
		"a path that is excluded": {[]string{"--authorization-always-allow-paths=/metrics"}, []question{{user: "bob", path: "/metrics"}}, authorizer.DecisionAllow, 0},
	} {
		t.Run(name, func(t *testing.T) {
			kubeconfig, asked := reviewing(t)
			config := config(t, append([]string{"--authorization-kubeconfig=" + kubeconfig}, tc.args...)...)
			for _, q := range tc.ask {
				a := authorizer.AttributesRecord{User: &user.DefaultInfo{Name: q.user, Groups: []string{q.group}}, Verb: "get", Path: q.path}
				if q.path == "" {
					a.ResourceRequest, a.APIGroup, a.APIVersion, a.Resource, a.Name = true, "tenantview.capsule.dev", "v1alpha1", "tenantnodes", q.name
				}
				if got, _, err := config.Generic.Authorization.Authorizer.Authorize(t.Context(), a); got != tc.want || err != nil {
					t.Errorf("%+v: decision %v, %v; want %v", q, got, err, tc.want)
				}
			}
			if asked.Load() != tc.asked {
				t.Errorf("%d reviews, want %d", asked.Load(), tc.asked)
			}
		})
	}
}

// Guessed names count against one limit, no matter which authorizer is asked about them.
func TestNamesAreLimitedTogether(t *testing.T) {
	kubeconfig, _ := reviewing(t)
	config := config(t, "--authorization-kubeconfig="+kubeconfig)
	bob := &user.DefaultInfo{Name: "bob"}
	refused := 0
	for i := range 200 {
		a := authorizer.AttributesRecord{User: bob, Verb: "get", Path: fmt.Sprint("/guess/", i)}
		if _, _, err := config.Generic.Authorization.Authorizer.Authorize(t.Context(), a); err != nil {
			refused++
		}
	}
	left := 0 // a full burst would be 25
	for config.Names.Allow(bob) {
		left++
	}
	if refused == 0 || left > 5 {
		t.Errorf("%d of 200 guesses are refused, but %d more upstream names may still be guessed", refused, left)
	}
}

// The client must not make users wait for each other: kube-apiserver decides how much is too much.
func TestReviewsAreNotLimitedTogether(t *testing.T) {
	kubeconfig, _ := reviewing(t)
	cluster, err := ClusterConfig(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := clientset("authorization-kubeconfig", cluster)
	if err != nil {
		t.Fatal(err)
	}
	if limiter := client.AuthorizationV1().RESTClient().GetRateLimiter(); limiter != nil {
		t.Errorf("the client limits itself to %v requests a second", limiter.QPS())
	}
}
