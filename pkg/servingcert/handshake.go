// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package servingcert

import (
	"net"
	"time"
)

// between is the least time between two log lines about refused handshakes: clients cause them.
const between = 10 * time.Minute

// Listen returns a listener whose connections report to the monitor if the client refuses the
// certificate. The errors of a http.Server do not tell: the generic API server hides them.
func (m *Monitor) Listen(l net.Listener) net.Listener { return &listener{Listener: l, monitor: m} }

// observe logs that a client has refused the certificate, unless it did so recently.
func (m *Monitor) observe(client net.Addr, alert string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refused++
	now := time.Now()
	if !m.told.IsZero() && now.Sub(m.told) < between {
		return
	}
	leaf, err := m.leaf()
	if err != nil {
		return
	}
	m.logger.Info("A client has ended the TLS handshake, most likely because it does not accept the serving certificate",
		append(m.describe(leaf), "client", client.String(), "alert", alert, "count", m.refused,
			"fix", "If the client is kube-apiserver, the condition Available of the APIService has the reason. If that is an unknown authority, put the CA of this issuer into spec.caBundle of the APIService.")...)
	m.refused, m.told = 0, now
}

type listener struct {
	net.Listener
	monitor *Monitor
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, monitor: l.monitor}, nil
}

// conn follows the TLS records of a client until the handshake is over.
type conn struct {
	net.Conn
	monitor *Monitor
	records records
}

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if alert, refused := c.records.follow(b[:n]); refused {
		c.monitor.observe(c.RemoteAddr(), alert)
	}
	return n, err
}
