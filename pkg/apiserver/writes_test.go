// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metainternalversionscheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericregistry "k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/pkg/grants"
	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/registry/kinds"
	"capsule.dev/tenantview/pkg/registry/viewreview"
	"capsule.dev/tenantview/pkg/tenancy"
)

// requested is what a handler is told of a write.
type requested struct {
	UserAgent, Configuration, Force, Body string
}

// sendWrite sends a request of that verb through withWriteRequests.
func sendWrite(t *testing.T, verb, query, contentType, body string) requested {
	t.Helper()
	var got requested
	handler := withWriteRequests(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		write := registry.WriteRequestOf(req.Context())
		data, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		got.UserAgent, got.Configuration, got.Body = write.UserAgent, string(write.Configuration), string(data)
		if write.Force != nil {
			got.Force = fmt.Sprint(*write.Force)
		}
	}))
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPatch, "/?"+query, strings.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("User-Agent", "kubectl/v1")
	ctx := genericapirequest.WithRequestInfo(req.Context(), &genericapirequest.RequestInfo{Verb: verb, IsResourceRequest: true})
	handler.ServeHTTP(httptest.NewRecorder(), req.WithContext(ctx))
	return got
}

// The handlers of k8s.io/apiserver read the body once and tell the REST neither its content nor force.
func TestWriteRequests(t *testing.T) {
	for name, tc := range map[string]struct {
		verb, query, contentType, body string
		want                           requested
	}{
		"apply":                 {"patch", "force=true", "application/apply-patch+yaml", "a: b", requested{"kubectl/v1", "a: b", "true", "a: b"}},
		"apply, charset":        {"patch", "force=false", "application/apply-patch+yaml; charset=utf-8", "a: b", requested{"kubectl/v1", "a: b", "false", "a: b"}},
		"apply, odd parameters": {"patch", "force=1", "application/apply-patch+yaml; x;; y=", "a: b", requested{"kubectl/v1", "a: b", "true", "a: b"}},
		// What the handler refuses as an unknown type needs no configuration.
		"apply, upper case": {"patch", "force=1", "Application/Apply-Patch+YAML", "a: b", requested{"kubectl/v1", "", "", "a: b"}},
		"apply, a space":    {"patch", "force=1", "application/apply-patch+yaml ; x=y", "a: b", requested{"kubectl/v1", "", "", "a: b"}},
		"another patch":     {"patch", "force=true", "application/merge-patch+json", "{}", requested{"kubectl/v1", "", "", "{}"}},
		"update":            {"update", "", "application/json", "{}", requested{"kubectl/v1", "", "", "{}"}},
		"get":               {"get", "", "application/apply-patch+yaml", "{}", requested{"", "", "", "{}"}},
	} {
		got := sendWrite(t, tc.verb, tc.query, tc.contentType, tc.body)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A client must get the same force as from kube-apiserver, which takes what is neither 0 nor false for true.
func TestForce(t *testing.T) {
	for query, want := range map[string]string{
		"": "", "force": "true", "force=": "true", "force=true": "true", "force=TRUE": "true", "force=yes": "true",
		"force=0": "false", "force=false": "false", "force=fAlSe": "false", "force=f": "true",
		"force=false&force=true": "false", "force=true&force=false": "true",
	} {
		got := sendWrite(t, "patch", query, "application/apply-patch+yaml", "a: b")
		options := &metav1.PatchOptions{}
		values, err := url.ParseQuery(query)
		if err == nil {
			err = metainternalversionscheme.ParameterCodec.DecodeParameters(values, metav1.SchemeGroupVersion, options)
		}
		if err != nil {
			t.Fatalf("%q: %v", query, err)
		}
		upstream := ""
		if options.Force != nil {
			upstream = strconv.FormatBool(*options.Force)
		}
		if got.Force != want || upstream != want {
			t.Errorf("%q: force %q, as kube-apiserver decodes it %q, want %q", query, got.Force, upstream, want)
		}
	}
}

// Users and clients must see in discovery what they can do, and nobody can write namespaces.
func TestOnlyWritableKindsOfferWrites(t *testing.T) {
	for _, enabled := range []bool{false, true} {
		for resource, storage := range newStorage(t, enabled) {
			isReview := resource == viewreview.SelfResource || resource == viewreview.OtherResource
			_, updates := storage.(genericregistry.Updater)
			_, deletes := storage.(genericregistry.GracefulDeleter)
			_, creates := storage.(genericregistry.Creater) //nolint:misspell // its name in k8s.io/apiserver
			_, deletesAll := storage.(genericregistry.CollectionDeleter)
			want := enabled && resource != "tenantnamespaces" && !isReview
			if updates != want || deletes != want || creates != isReview || deletesAll {
				t.Errorf("enabled %v, %s: update %v, delete %v, create %v, delete all %v", enabled, resource, updates, deletes, creates, deletesAll)
			}
		}
	}
}

func newStorage(t *testing.T, enabled bool) map[string]genericregistry.Storage {
	t.Helper()
	all := kinds.All(kinds.Options{})
	granted := make([]grants.Kind, len(all))
	for i, kind := range all {
		granted[i] = kind.Kind
	}
	var write *writing
	if enabled {
		var err error
		if write, err = newWriting(&rest.Config{Host: "https://localhost"}, all); err != nil {
			t.Fatal(err)
		}
	}
	return storageOf(all, tenancy.New(granted, grants.DefaultPolicy(), nil), registry.Config{}, write)
}
