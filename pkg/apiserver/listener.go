// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"net"
	"sync"
	"time"
)

// timedListener accepts connections on which no write waits longer than the timeout. Deadlines of
// requests do not suffice for clients that read nothing from their connection: to end a request,
// HTTP/2 must write to the connection, after everything that waits there already.
type timedListener struct {
	net.Listener
	timeout time.Duration
}

// Accept implements net.Listener.
func (l *timedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &timedConn{Conn: conn, timeout: l.timeout}, nil
}

type timedConn struct {
	net.Conn
	timeout time.Duration

	mu sync.Mutex
	// deadline is the one that the caller has set, if any. It applies if it comes before the
	// timeout.
	deadline time.Time
}

// Write implements net.Conn.
func (c *timedConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	err := c.boundWritesLocked()
	c.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// SetWriteDeadline implements net.Conn.
func (c *timedConn) SetWriteDeadline(deadline time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = deadline
	return c.boundWritesLocked()
}

// SetDeadline implements net.Conn.
func (c *timedConn) SetDeadline(deadline time.Time) error {
	return errors.Join(c.SetReadDeadline(deadline), c.SetWriteDeadline(deadline))
}

func (c *timedConn) boundWritesLocked() error {
	bound := time.Now().Add(c.timeout)
	if !c.deadline.IsZero() && c.deadline.Before(bound) {
		bound = c.deadline
	}
	return c.Conn.SetWriteDeadline(bound)
}
