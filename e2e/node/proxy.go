// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Proxy plays kube-proxy for kube-apiserver, which has no network to Services here: kube-apiserver asks it, as
// an egress selector, for each connection into the cluster. It knows where to only after Use.
type Proxy struct {
	// Flag is the flag that makes kube-apiserver use the proxy.
	Flag     string
	listener net.Listener

	mu     sync.Mutex
	client kubernetes.Interface
	next   int
	silent bool
}

// NewProxy starts a proxy with its files in dir, whose path must be short enough for a socket.
func NewProxy(dir string) (*Proxy, error) {
	socket := filepath.Join(dir, "proxy.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	p := &Proxy{Flag: "--egress-selector-config-file=" + filepath.Join(dir, "egress.yaml"), listener: listener}
	config := fmt.Sprintf(`apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection:
    proxyProtocol: HTTPConnect
    transport: {uds: {udsName: %q}}
`, socket)
	if err := os.WriteFile(filepath.Join(dir, "egress.yaml"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	go func() { _ = http.Serve(listener, http.HandlerFunc(p.connect)) }()
	return p, nil
}

// Use makes the proxy resolve Services with a client that may list Services and EndpointSlices.
func (p *Proxy) Use(client kubernetes.Interface) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.client = client
}

// Silence lets all new connections into the cluster hang, as a NetworkPolicy or a firewall does, or ends that.
func (p *Proxy) Silence(silent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = silent
}

// Close ends the proxy, but not the connections through it.
func (p *Proxy) Close() error { return p.listener.Close() }

func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "only CONNECT", http.StatusMethodNotAllowed)
		return
	}
	p.mu.Lock()
	silent := p.silent
	p.mu.Unlock()
	if silent {
		<-r.Context().Done()
		return
	}
	address, err := p.resolve(r.Context(), r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	to, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	from, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		_ = to.Close()
		return
	}
	if _, err := io.WriteString(from, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		_ = from.Close()
		_ = to.Close()
		return
	}
	go pipe(to, buffered)
	go pipe(from, to)
}

// pipe copies until either end is closed, and closes both.
func pipe(to io.WriteCloser, from io.Reader) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
	if c, ok := from.(io.Closer); ok {
		_ = c.Close()
	}
}

// resolve returns the address of a process behind the cluster IP and port of a Service, in turn.
func (p *Proxy) resolve(ctx context.Context, hostPort string) (string, error) {
	p.mu.Lock()
	client := p.client
	p.next++
	turn := p.next
	p.mu.Unlock()
	if client == nil {
		return "", fmt.Errorf("%s: there are no Services yet", hostPort)
	}
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return "", err
	}
	services, err := client.CoreV1().Services("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for i := range services.Items {
		s := &services.Items[i]
		if s.Spec.ClusterIP != host {
			continue
		}
		for _, sp := range s.Spec.Ports {
			if strconv.Itoa(int(sp.Port)) == port {
				return endpoint(ctx, client, s, sp.Name, turn)
			}
		}
	}
	return "", fmt.Errorf("%s: no Service has this address and port", hostPort)
}

// endpoint returns the address of a process that is ready behind a Service's port.
func endpoint(ctx context.Context, client kubernetes.Interface, s *corev1.Service, port string, turn int) (string, error) {
	slices, err := client.DiscoveryV1().EndpointSlices(s.Namespace).List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + s.Name})
	if err != nil {
		return "", err
	}
	var addresses []string
	for _, slice := range slices.Items {
		for _, e := range slice.Endpoints {
			if e.Conditions.Ready == nil || !*e.Conditions.Ready {
				continue
			}
			for _, p := range slice.Ports {
				if p.Name != nil && *p.Name == port && p.Port != nil {
					addresses = append(addresses, net.JoinHostPort(Loopback(e.Addresses[0]), strconv.Itoa(int(*p.Port))))
				}
			}
		}
	}
	if len(addresses) == 0 {
		return "", fmt.Errorf("no endpoint of the Service %s/%s is ready", s.Namespace, s.Name)
	}
	return addresses[turn%len(addresses)], nil
}
