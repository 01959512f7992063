// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/view"
)

// modelClient mirrors what a user sees of a resource. It uses only the events that it receives.
type modelClient struct {
	name     string
	user     user.Info
	resource string
	selector labels.Selector
	// bookmarks is true if the client asks for bookmarks, remembers if it also resumes at old
	// revisions, and receives if it has a receiver.
	bookmarks, remembers, receives bool
	// offered counts the events that were passed to its receiver. handed are those that it took.
	offered int
	handed  []view.Event

	random  *rand.Rand
	replica *modelReplica
	stream  *view.Watcher
	// viewer is the viewer of the stream. sights are the sights that it had, by their revisions.
	viewer view.Viewer
	sights []modelFrom

	mirror map[string]*view.Entry
	// revision is the revision that the client has reached, or 0 if it does not know. from is the
	// replica that sent it. A real resourceVersion contains that, too.
	revision uint64
	from     *modelReplica
	// resumedAt is the revision of the view when the stream resumed: up to it, the stream sends what
	// has become of each object by then.
	resumedAt uint64
	// told is the highest revision that this stream has delivered.
	told uint64
	past []modelPast
	// log is what has happened to the client, for failure messages.
	log []string

	*modelCounts
}

// modelFrom is the sight of a stream from a revision on.
type modelFrom struct {
	revision uint64
	sight    modelSight
}

// modelPast is what a client knew at a revision.
type modelPast struct {
	revision uint64
	from     *modelReplica
	mirror   map[string]*view.Entry
}

// modelCounts show that a run has covered what it is for.
type modelCounts struct {
	Events, Handed, Lists, Resumed, Foreign, Expired, Overrun, Partial int
}

func (c *modelClient) selects(o *view.Attributes) bool {
	return c.selector.Matches(o.Labels)
}

func (c *modelClient) view() *view.View { return c.replica.View(c.resource) }

func (c *modelClient) note(format string, args ...any) {
	c.log = append(c.log, fmt.Sprintf(format, args...))
}

// cut ends the connection. Undelivered events are lost.
func (c *modelClient) cut() {
	if c.stream != nil {
		c.stream.Stop()
		c.stream = nil
		c.note("cut")
	}
}

// connect starts a watch at the client's position, or at an earlier one. If the server does not
// permit that, the watch starts with the existing objects.
func (c *modelClient) connect() {
	if c.stream != nil {
		return
	}
	if len(c.past) > 0 && c.remembers && c.random.IntN(3) > 0 {
		p := c.past[c.random.IntN(len(c.past))]
		c.revision, c.from, c.mirror = p.revision, p.from, maps.Clone(p.mirror)
		c.note("go back to %d", c.revision)
	}
	c.viewer = c.replica.viewer(c.user, c.resource)
	if c.revision == 0 || !c.resume() {
		c.begin()
	}
}

func (c *modelClient) begin() {
	c.mirror = make(map[string]*view.Entry)
	c.revision, c.from, c.past = 0, c.replica, nil
	c.Lists++
	if c.random.IntN(2) == 0 {
		c.open(view.WatchOptions{})
		return
	}
	entries, at := c.view().List(c.viewer)
	for _, e := range entries {
		if c.selects(&e.Attributes) {
			c.mirror[e.Name] = e
		}
	}
	c.note("list at %d: %v", at.Revision, slices.Sorted(maps.Keys(c.mirror)))
	c.reach(at, false)
	if c.random.IntN(3) > 0 && !c.resume() {
		c.begin()
	}
}

func (c *modelClient) resume() bool {
	at := view.Position{Revision: c.revision}
	var known bool
	if at.Scope, known = c.replica.scopeOf(c.user, c.resource, c.revision); !known || c.from != c.replica {
		c.Foreign++
		c.note("%d is foreign", c.revision)
		return false
	}
	return c.open(view.WatchOptions{Resume: at})
}

func (c *modelClient) open(o view.WatchOptions) bool {
	if c.selector.String() != "" {
		o.Selects = c.selects
	}
	if c.receives {
		o.Receiver = c
	}
	stream, err := c.view().Watch(c.viewer, o)
	if err != nil {
		c.Expired++
		c.note("%d is expired", o.Resume.Revision)
		return false
	}
	if o.Resume.Revision != 0 {
		c.Resumed++
	}
	c.note("watch from %d (the view is at %d) as %+v", o.Resume.Revision, c.view().Revision(), c.viewer)
	c.stream, c.told, c.resumedAt = stream, o.Resume.Revision, 0
	if o.Resume.Revision != 0 {
		c.resumedAt = c.view().Revision()
	}
	c.sights = []modelFrom{{0, sightOf(c.viewer)}}
	return true
}

// look makes the stream follow a change of the viewer.
func (c *modelClient) look() {
	if c.stream == nil {
		return
	}
	who := c.replica.viewer(c.user, c.resource)
	if sightOf(who) == sightOf(c.viewer) {
		return
	}
	c.viewer = who
	before := c.view().Revision()
	c.stream.SetViewer(who)
	c.replica.note()
	c.sights = append(c.sights, modelFrom{before + 1, sightOf(who)})
	c.note("become %+v at %d", who, before+1)
}

// reach records that the client knows everything of a revision.
func (c *modelClient) reach(at view.Position, partial bool) {
	c.replica.issue(c.user, c.resource, at, partial)
	c.revision, c.from = at.Revision, c.replica
	if c.remembers {
		c.past = append(c.past, modelPast{at.Revision, c.from, maps.Clone(c.mirror)})
	}
}

// Receive implements view.Receiver. The client is not always ready.
func (c *modelClient) Receive(e view.Event) bool {
	if c.offered++; c.offered%4 == 0 {
		return false
	}
	c.handed = append(c.handed, e)
	return true
}

// hearHanded processes the events that the receiver has taken since the last call.
func (c *modelClient) hearHanded() error {
	handed := c.handed
	c.handed = nil
	for _, event := range handed {
		c.Handed++
		// The event was delivered at that moment. The user may see something else by now.
		if err := c.hear(event, c.replica.step(c.resource, event.Revision), c.sightAt(event.Revision)); err != nil {
			return fmt.Errorf("the receiver of %s got %s: %w", c.name, describeEvent(event), err)
		}
	}
	return nil
}

// take takes up to n events, and returns an error if one is wrong.
func (c *modelClient) take(n int) error {
	for ; n > 0 && c.stream != nil; n-- {
		event, ok := c.stream.Next()
		if !ok {
			if c.stream.Overrun() {
				c.Overrun++
				c.note("overrun")
				c.cut()
			}
			return nil
		}
		if err := c.hear(event, c.replica.latest(c.resource), sightOf(c.viewer)); err != nil {
			return fmt.Errorf("%s got %s: %w", c.name, describeEvent(event), err)
		}
	}
	return nil
}

// settle connects the client and takes all events.
func (c *modelClient) settle() error {
	for {
		c.connect()
		if err := c.take(math.MaxInt); err != nil || c.stream != nil {
			return err
		}
	}
}

func describeEvent(e view.Event) string {
	kind := map[view.EventType]string{
		view.Added: "ADDED", view.Modified: "MODIFIED", view.Deleted: "DELETED", view.Bookmark: "BOOKMARK", view.InitialEnd: "END",
	}[e.Type]
	text := fmt.Sprintf("%s at %d", kind, e.Revision)
	if e.Entry != nil {
		text += fmt.Sprintf(" %s (version %d, revision %d, partition %q, labels %v)",
			e.Entry.Name, e.Entry.Version, e.Entry.Revision, e.Entry.Partition, e.Entry.Labels)
	}
	if e.Initial {
		text += " initially"
	}
	if e.Partial {
		text += " in part"
	}
	return text
}

// hear processes an event. It must not show anything that the sight does not allow now.
func (c *modelClient) hear(e view.Event, now modelStep, sight modelSight) error {
	c.Events++
	c.note("%s", describeEvent(e))
	if e.Partial {
		c.Partial++
	}
	if e.Type == view.Bookmark && !c.bookmarks {
		return nil
	}
	if !e.Initial {
		if e.Revision < c.told {
			return fmt.Errorf("the stream had reached %d", c.told)
		}
		c.told = e.Revision
	}
	if err := c.apply(e, now, sight); err != nil {
		return err
	}
	if !e.Initial && (e.Type != view.InitialEnd || c.bookmarks) {
		c.reach(view.Position{Revision: e.Revision, Scope: e.Scope}, e.Partial)
	}
	return nil
}

// apply applies an event to the mirror.
func (c *modelClient) apply(e view.Event, now modelStep, sight modelSight) error {
	if e.Entry == nil {
		return nil
	}
	known := c.mirror[e.Entry.Name]
	switch {
	case e.Type == view.Added && known != nil:
		return fmt.Errorf("the client already knows version %d of the object", known.Version)
	case e.Type != view.Added && known == nil:
		return fmt.Errorf("the client does not know the object")
	case known != nil && e.Entry.Version < known.Version:
		return fmt.Errorf("the client knew version %d of the object", known.Version)
	case e.Type == view.Deleted && (e.Entry.Version != known.Version || e.Entry.Partition != known.Partition):
		return fmt.Errorf("the client last saw version %d of the object, in %q", known.Version, known.Partition)
	case !e.Initial && e.Entry.Revision != e.Revision:
		return fmt.Errorf("the object has another revision")
	}
	if err := c.allowed(e, now, sight); err != nil {
		return err
	}
	if e.Type == view.Deleted {
		delete(c.mirror, e.Entry.Name)
	} else {
		c.mirror[e.Entry.Name] = e.Entry
	}
	return nil
}

// allowed returns an error if the event is wrong or must not be delivered.
func (c *modelClient) allowed(e view.Event, now modelStep, sight modelSight) error {
	then, at := now, e.Revision
	if e.Type != view.Deleted { // after which an object of the same name may have come
		at = max(at, c.resumedAt)
	}
	if !e.Initial {
		then = c.replica.step(c.resource, at)
	}
	shown := then.shows(c.user, c.sightAt(at), e.Entry.Name)
	selected := c.selector.Matches(then.labels[e.Entry.Name])
	switch {
	case e.Type == view.Deleted && shown && selected:
		return fmt.Errorf("the user could see the object at that moment")
	case e.Type == view.Deleted:
		return nil
	case !now.shows(c.user, sight, e.Entry.Name):
		return fmt.Errorf("the user must not see the object now, in %+v", now)
	case e.Initial:
		return nil
	case !shown:
		return fmt.Errorf("the user could not see the object at that moment, in %+v", then)
	case !c.selects(&e.Entry.Attributes):
		return fmt.Errorf("the client has not selected the object")
	}
	return nil
}

func (c *modelClient) sightAt(revision uint64) modelSight {
	for i := len(c.sights) - 1; i > 0; i-- {
		if c.sights[i].revision <= revision {
			return c.sights[i].sight
		}
	}
	return c.sights[0].sight
}
