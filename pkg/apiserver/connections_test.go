// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"net"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// from is a connection from an address.
type from struct {
	net.Conn
	address string
	closed  bool
}

func (c *from) RemoteAddr() net.Addr { return address(c.address) }

func (c *from) Close() error {
	c.closed = true
	return errors.New("closed")
}

type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

type queue []*from

func (q *queue) Accept() (net.Conn, error) {
	if len(*q) == 0 {
		return nil, net.ErrClosed
	}
	next := (*q)[0]
	*q = (*q)[1:]
	return next, nil
}

func (q *queue) Close() error { return nil }

func (q *queue) Addr() net.Addr { return address("") }

// A host can neither have more connections by using more of its addresses, nor take those of others.
func TestBoundedListener(t *testing.T) {
	var open, closed []string
	waiting := queue{}
	l := newBoundedListener(&waiting, 2, 8)
	accepted := map[string]net.Conn{}
	arrive := func(addresses ...string) {
		t.Helper()
		open, closed = nil, nil
		var all []*from
		for _, a := range addresses {
			c := &from{address: a}
			all, waiting = append(all, c), append(waiting, c)
		}
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			accepted[conn.RemoteAddr().String()] = conn
		}
		for _, c := range all {
			if c.closed {
				closed = append(closed, c.address)
			} else {
				open = append(open, c.address)
			}
		}
	}
	expect := func(what string, want ...string) {
		t.Helper()
		if diff := gocmp.Diff(want, closed); diff != "" {
			t.Errorf("%s: closed (-want +got):\n%s", what, diff)
		}
	}
	arrive("10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3", "[::ffff:10.0.0.1]:4", "10.0.0.2:1")
	expect("an IPv4 host", "10.0.0.1:3", "[::ffff:10.0.0.1]:4")
	arrive("[fd00::1]:1", "[fd00::2]:1", "[fd00::3%eth0]:1", "[fd00:0:0:1::1]:1")
	expect("an IPv6 host", "[fd00::2]:1", "[fd00::3%eth0]:1")
	arrive("10.0.0.2:2", "10.0.0.3:1", "10.0.0.4:1", "10.0.0.5:1", "10.0.0.6:1")
	expect("half of all are taken, and then all", "10.0.0.2:2", "10.0.0.6:1")
	_ = accepted["10.0.0.1:1"].Close()
	_ = accepted["10.0.0.1:1"].Close() // must not count twice
	arrive("pipe", "10.0.0.7:1")
	expect("one is closed", "10.0.0.7:1")
	if len(open) != 1 {
		t.Errorf("open: %q", open)
	}
}
