// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package testcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/rest"
)

// Event is an event as it came over the wire.
type Event struct {
	Type   string
	Object *unstructured.Unstructured
}

// Name returns the name of the object, or of the object in a table's only row.
func (e Event) Name() string {
	if e.Object.GetKind() != "Table" {
		return e.Object.GetName()
	}
	if o := e.row(); o != nil {
		return o.GetName()
	}
	return ""
}

// ResourceVersion returns the resourceVersion of the object, or of the object in a table's only row.
func (e Event) ResourceVersion() string {
	if o := e.row(); o != nil {
		return o.GetResourceVersion()
	}
	return e.Object.GetResourceVersion()
}

// row returns the object of a table's only row, or nil.
func (e Event) row() *unstructured.Unstructured {
	rows, _, _ := unstructured.NestedSlice(e.Object.Object, "rows")
	if len(rows) != 1 {
		return nil
	}
	row, _ := rows[0].(map[string]any)
	object, _ := row["object"].(map[string]any)
	return &unstructured.Unstructured{Object: object}
}

// String returns the type and the name, such as "ADDED gold".
func (e Event) String() string { return e.Type + " " + e.Name() }

// Stream is a watch that is being read.
type Stream struct {
	Header http.Header
	// Proto is the protocol, such as HTTP/2.0.
	Proto  string
	events chan Event
	end    error // of the stream; set before events is closed
	stop   context.CancelFunc
}

// Watch starts a watch of a path, which includes the query, with headers. It fails the test if the status code
// is not 200. The stream is read all the time and ends with the test.
func Watch(t testing.TB, config *rest.Config, path string, headers ...string) *Stream {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	response, err := Open(ctx, config, http.MethodGet, path, nil, headers...)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		t.Fatalf("watching %s: got status %d: %s", path, response.StatusCode, body)
	}
	s := &Stream{Header: response.Header, Proto: response.Proto, events: make(chan Event, 10000), stop: stop}
	go s.read(response.Body)
	return s
}

func (s *Stream) read(body io.ReadCloser) {
	defer close(s.events)
	defer body.Close()
	decoder := json.NewDecoder(body)
	for {
		var frame struct {
			Type   string
			Object json.RawMessage
		}
		if s.end = decoder.Decode(&frame); s.end != nil {
			return
		}
		event, err := newEvent(frame.Type, frame.Object)
		if err != nil {
			s.end = err
			return
		}
		s.events <- event
	}
}

// ParseEvent reads an event in JSON.
func ParseEvent(data []byte) (Event, error) {
	var frame struct {
		Type   string
		Object json.RawMessage
	}
	if err := json.Unmarshal(data, &frame); err != nil {
		return Event{}, err
	}
	return newEvent(frame.Type, frame.Object)
}

func newEvent(kind string, object []byte) (Event, error) {
	o := &unstructured.Unstructured{}
	if err := utiljson.Unmarshal(bytes.TrimSpace(object), &o.Object); err != nil {
		return Event{}, fmt.Errorf("%w in the event %s: %s", err, kind, object)
	}
	return Event{Type: kind, Object: o}, nil
}

// Next waits for the next event. It fails the test if none comes or the stream ends.
func (s *Stream) Next(t testing.TB) Event {
	t.Helper()
	event, err := s.next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return event
}

func (s *Stream) next(ctx context.Context) (Event, error) {
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	select {
	case event, ok := <-s.events:
		if !ok {
			return Event{}, fmt.Errorf("the watch has ended: %w", s.end)
		}
		return event, nil
	case <-timer.C:
		return Event{}, fmt.Errorf("no event came for %v", Patience)
	case <-ctx.Done():
		return Event{}, ctx.Err()
	}
}

// Until returns the events up to the first one that is last, without it.
func (s *Stream) Until(t testing.TB, last func(Event) bool) []Event {
	t.Helper()
	var events []Event
	for {
		event, err := s.next(t.Context())
		if err != nil {
			t.Fatalf("%v; before there were %v", err, events)
		}
		if last(event) {
			return events
		}
		events = append(events, event)
	}
}

// Rest returns the events up to the end of the stream. It fails the test unless the stream ends normally.
func (s *Stream) Rest(t testing.TB) []Event {
	t.Helper()
	var events []Event
	for {
		event, err := s.next(t.Context())
		switch {
		case errors.Is(err, io.EOF):
			return events
		case err != nil:
			t.Fatalf("%v; before there were %v", err, events)
		}
		events = append(events, event)
	}
}

// Stop ends the watch.
func (s *Stream) Stop() { s.stop() }

// Strings returns the events without bookmarks, each as its type and name.
func Strings(events []Event) []string {
	var all []string
	for _, e := range events {
		if e.Type != "BOOKMARK" {
			all = append(all, e.String())
		}
	}
	return all
}

// Annotations returns the annotations of the object, or of the object in a table's only row.
func (e Event) Annotations() map[string]string {
	if o := e.row(); o != nil {
		return o.GetAnnotations()
	}
	return e.Object.GetAnnotations()
}
