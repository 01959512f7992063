// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/klog/v2"

	"capsule.dev/tenantview/pkg/registry"
)

// Whoever reaches the port can open connections, before the server knows a user. Each takes 34 KiB
// of heap and stacks as long as it is idle, so all take 270 MiB. A kube-apiserver needs one for each
// hundred watches and requests under way.
const (
	connectionsOfAddress = 1024
	connectionsOfAll     = 8192
)

// boundedListener closes connections of an address that has too many, or if there are too many at all.
// As with requests, half of all are reserved for addresses that have few.
type boundedListener struct {
	net.Listener
	limit *registry.Limit
	log   rate.Sometimes
}

func newBoundedListener(inner net.Listener, ofAddress, ofAll int) *boundedListener {
	return &boundedListener{
		Listener: inner, limit: registry.NewLimit("connections", ofAddress, ofAll), log: rate.Sometimes{Interval: time.Minute},
	}
}

// Accept implements net.Listener.
func (l *boundedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		giveBack, err := l.limit.Take(&user.DefaultInfo{Name: addressOf(conn)})
		if err == nil {
			return &boundedConn{Conn: conn, giveBack: sync.OnceFunc(giveBack)}, nil
		}
		observeRefusal(registry.RefusedConnections)
		l.log.Do(func() { klog.InfoS("Closing a connection because there are too many", "from", addressOf(conn)) })
		conn.Close()
	}
}

// addressOf returns the address that connections are counted by: that of an IPv4 host, or the network
// of an IPv6 host, which has as many addresses there as it likes.
func addressOf(conn net.Conn) string {
	remote, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return conn.RemoteAddr().String()
	}
	address := remote.Addr().Unmap().WithZone("")
	if address.Is4() {
		return address.String()
	}
	const hosts = 64
	network, err := address.Prefix(hosts)
	if err != nil {
		return address.String()
	}
	return network.String()
}

type boundedConn struct {
	net.Conn
	giveBack func()
}

// Close implements net.Conn.
func (c *boundedConn) Close() error {
	defer c.giveBack()
	return c.Conn.Close()
}
