// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"capsule.dev/tenantview/e2e/testcluster"
)

// outcome is the response that a client gets.
type outcome struct {
	Code            int
	Reason, Message string
	// Event is the type of the first event of a watch. End is true if the watch ended before one came.
	Event string
	End   bool
}

// badInput are watch requests below the path of a resource. The server must respond like kube-apiserver
// does for the upstream kind, to a user who sees all of it.
var badInput = []string{
	// Resource versions. The largest are too large.
	"?watch=1&resourceVersion=garbage", "?watch=1&resourceVersion=-1", "?watch=1&resourceVersion=99999999999999999999999",
	"?watch=1&resourceVersion=18446744073709551615", "?watch=1&resourceVersion=999999999999", "?watch=1&resourceVersionMatch=Exact",
	"?watch=1&resourceVersion=1&resourceVersionMatch=Exact", "?watch=1&resourceVersion=0&resourceVersionMatch=NotOlderThan",
	"?watch=1&resourceVersionMatch=garbage", "?watch=garbage&resourceVersion=garbage",
	// Pages of watches make no sense.
	"?watch=1&continue=garbage", "?watch=1&continue=garbage&resourceVersion=0", "?watch=1&limit=-1", "?watch=1&limit=1",
	// Selectors.
	"?watch=1&labelSelector=a%20in", "?watch=1&fieldSelector=spec.nonsense%3Dx", "?watch=1&fieldSelector=metadata.name",
	"?watch=1&fieldSelector=metadata.name%3Dno%2Fname&timeoutSeconds=1",
	// Initial events.
	"?watch=1&sendInitialEvents=true", "?watch=1&sendInitialEvents=false", "?watch=1&sendInitialEvents=garbage",
	"?watch=1&sendInitialEvents=true&resourceVersion=0", "?watch=1&sendInitialEvents=true&resourceVersionMatch=Exact",
	"?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan", "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
	"?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=garbage&allowWatchBookmarks=true",
	"?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=999999999999&allowWatchBookmarks=true",
	"?watch=1&sendInitialEvents=true&resourceVersionMatch=garbage", "?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&timeoutSeconds=1",
	"?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=garbage",
	// Time.
	"?watch=1&timeoutSeconds=garbage", "?watch=1&timeoutSeconds=0", "?watch=1&timeoutSeconds=1.5",
	"?watch=1&timeoutSeconds=99999999999999999999",
	"?watch=1&timeoutSeconds=1&labelSelector=nobody%3Dhas-it",

	// One object. Watching one by its path is an old way to watch.
	"/sentinel?watch=true", "/sentinel?watch=1&fieldSelector=metadata.name%3Dsentinel", "/sentinel?watch=true&fieldSelector=metadata.name%3Dother",
	"/sentinel?watch=true&resourceVersion=garbage", "/sentinel?watch=true&resourceVersion=999999999999", "/nobody?watch=true&timeoutSeconds=1",
	"/sentinel?watch=true&timeoutSeconds=garbage", "/sentinel/nonsense?watch=1",
}

// differences are the watches for which the response must differ from that of kube-apiserver.
var differences = map[string]outcome{
	// kube-apiserver waits until its revision is that high. The cluster has one history, so it gets there. Our
	// history belongs to one server, which never reaches a revision that another one has issued. So the client
	// must list again.
	"?watch=1&resourceVersion=18446744073709551615": tooOld,
	"?watch=1&resourceVersion=999999999999":         tooOld,
	// A number as large as our own resourceVersions may come from another server.
	"?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=999999999999&allowWatchBookmarks=true": {
		Code: http.StatusOK, Event: "ERROR 410", Reason: string(metav1.StatusReasonExpired), Message: notOurs,
	},
	"/sentinel?watch=true&resourceVersion=999999999999": {Code: http.StatusGone, Reason: string(metav1.StatusReasonExpired), Message: notOurs},
}

const notOurs = "The resourceVersion 999999999999 was not given by this server: list again without it"

var tooOld = outcome{
	Code: http.StatusOK, Event: "ERROR 410", Reason: string(metav1.StatusReasonExpired),
	Message: "too old resource version, or the objects that the user may see have changed: list again",
}

// A client that handles kube-apiserver's errors must not get any others.
func TestBadInput(t *testing.T) {
	everybodys.start(t)
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(24) // some wait for seconds until they are answered
	for _, k := range kinds {
		for _, request := range badInput {
			group.Go(func() error {
				ours, err := ask(ctx, shared.Admin, k.Path()+request)
				if err != nil {
					return fmt.Errorf("%s%s: %w", k.Path(), request, err)
				}
				want, known := differences[request]
				if !known {
					if want, err = ask(ctx, shared.Admin, k.UpstreamPath()+request); err != nil {
						return fmt.Errorf("%s%s: %w", k.UpstreamPath(), request, err)
					}
				}
				ours, want = k.normal(ours), k.normal(want)
				if strings.Contains(request, "resourceVersion=") && want.Code == http.StatusInternalServerError && ours.Code == http.StatusBadRequest {
					// A resourceVersion that is not a number is the client's mistake. kube-apiserver reports that
					// for a list, but reports its own error for a watch or get. Our server never does, so that it
					// raises no false alarms.
					want.Code, want.Reason = http.StatusBadRequest, string(metav1.StatusReasonBadRequest)
				}
				if unknown := "is not a known field selector"; strings.Contains(ours.Message, unknown) {
					// The message of those upstream kinds that have no field selectors of their own.
					want.Message = ours.Message
				}
				if diff := cmp.Diff(want, ours); diff != "" {
					t.Errorf("%s%s (-kube-apiserver +got):\n%s", k.Upstream.Resource, request, diff)
				}
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

// The server must respond to a watch with an odd timeout. If the time is over before the watch begins, or
// too long to count, the watch ends immediately or lasts.
func TestOddTimeouts(t *testing.T) {
	everybodys.start(t)
	for _, k := range kinds {
		for _, timeout := range []string{"-1", "9223372036854775807", "-9223372036854775808"} {
			request := "?watch=1&timeoutSeconds=" + timeout
			ours, err := ask(t.Context(), shared.Admin, k.Path()+request)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := ask(t.Context(), shared.Admin, k.UpstreamPath()+request)
			if err != nil {
				t.Fatal(err)
			}
			if ours.Code != theirs.Code {
				t.Errorf("%s%s: got code %d, kube-apiserver's is %d", k.Resource(), request, ours.Code, theirs.Code)
			}
		}
	}
}

// ask sends a request and reads enough of the response for the outcome.
func ask(ctx context.Context, config *rest.Config, path string) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, testcluster.Patience)
	defer cancel()
	response, err := testcluster.Open(ctx, config, http.MethodGet, path, nil)
	if err != nil {
		return outcome{}, err
	}
	defer response.Body.Close()
	o := outcome{Code: response.StatusCode}
	line, err := bufio.NewReader(response.Body).ReadBytes('\n')
	if errors.Is(err, io.EOF) && len(line) == 0 {
		o.End = true
		return o, nil
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return outcome{}, err
	}
	var answer struct {
		Kind, Type string
		Object     json.RawMessage
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		o.Message = string(line)
		return o, nil // an answer that is no JSON is one to compare, too
	}
	if o.Event = answer.Type; o.Event != "" {
		line, answer.Kind = answer.Object, ""
		if o.Event == "ERROR" {
			answer.Kind = "Status"
		}
	}
	if answer.Kind == "Status" {
		var status metav1.Status
		if err := json.Unmarshal(line, &status); err != nil {
			return outcome{}, err
		}
		o.Reason, o.Message = string(status.Reason), status.Message
		if o.Event != "" {
			o.Event = fmt.Sprintf("ERROR %d", status.Code)
		}
	}
	return o, nil
}

var currentRevision = regexp.MustCompile("current: [0-9]+")

// normal replaces our kind by the upstream kind, and removes parts that change all the time.
func (k kind) normal(o outcome) outcome {
	upstream := k.Upstream.Resource
	if k.Upstream.Group != "" {
		upstream += "." + k.Upstream.Group
	}
	o.Message = strings.NewReplacer(
		k.Resource()+".tenantview.capsule.dev", upstream, k.Kind(), k.UpstreamKind, k.Resource(), k.Upstream.Resource,
	).Replace(o.Message)
	o.Message = currentRevision.ReplaceAllString(o.Message, "current: N")
	return o
}

// A revision that this server has not given to this user belongs to another server or user, so its past is
// unknown. kube-apiserver has one history for all users and resumes at any of its revisions. 410 is the only
// error after which every client lists again.
func TestForeignRevision(t *testing.T) {
	everybodys.start(t)
	s := newScene()
	for _, k := range kinds {
		theirs := testcluster.Get(t, shared.Admin, k.UpstreamPath()).List(t).GetResourceVersion()
		everybodys.show(t, k)
		for _, request := range []string{"?watch=1&resourceVersion=" + theirs, "?watch=1&resourceVersion=1"} {
			got, err := ask(t.Context(), shared.As(t, s.user), k.Path()+request)
			if err != nil {
				t.Fatal(err)
			}
			got.Message = ""
			if want := (outcome{Code: http.StatusOK, Event: "ERROR 410", Reason: string(metav1.StatusReasonExpired)}); got != want {
				t.Errorf("%s%s: got %+v, want %+v", k.Resource(), request, got, want)
			}
		}
	}
}

// A watch ends when its time is over. Before that, it sends a bookmark with its position.
func TestTimeout(t *testing.T) {
	everybodys.start(t)
	k := kindOf("storageclasses")
	user := shared.As(t, newScene().user)
	start := time.Now()
	stream := testcluster.Watch(t, user, k.Path()+"?watch=1&timeoutSeconds=3&allowWatchBookmarks=true")
	events := stream.Rest(t)
	if took := time.Since(start); took < 3*time.Second {
		t.Errorf("the watch ended after %v", took)
	}
	if n := len(events); n < 2 || events[n-1].Type != "BOOKMARK" {
		t.Fatalf("got %v, want a bookmark at the end", events)
	}
	// With that the client goes on.
	everybodys.show(t, k)
	again := testcluster.Watch(t, user, k.Path()+"?watch=1&resourceVersion="+events[len(events)-1].ResourceVersion())
	if e := again.Next(t); e.String() != "MODIFIED "+sentinelName {
		t.Errorf("resumed at the bookmark: %v", e)
	}
}
