// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// period is how often the Pods are looked at and probed, whatever a Pod says: a test should not wait.
const period = 100 * time.Millisecond

// Config says what runs the Pods.
type Config struct {
	// Admin may do what kubelets and schedulers may. Its CA is that of the cluster.
	Admin *rest.Config
	// Program is the program in the image of every Pod: its entrypoint, and what a command names.
	Program string
	// Dir holds the files of the Pods.
	Dir string
	// Warnf is called with what goes wrong while Pods run.
	Warnf func(format string, args ...any)
}

// Nodes runs the Pods of a cluster on a few nodes.
type Nodes struct {
	Config
	client *kubernetes.Clientset
	names  []string
	stop   context.CancelFunc
	ended  sync.WaitGroup
	// network are the first octets of Pod IPs. Loopback maps them to addresses that other clusters on this
	// machine do not use.
	network string

	mu     sync.Mutex
	pods   map[types.UID]*pod
	nextIP int
}

// Start creates Nodes of these names and runs all Pods on them until Close.
func Start(ctx context.Context, config Config, names ...string) (*Nodes, error) {
	client, err := kubernetes.NewForConfig(config.Admin)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return nil, err
		}
	}
	ctx, stop := context.WithCancel(ctx)
	n := &Nodes{
		Config: config, client: client, names: names, stop: stop, network: fmt.Sprintf("10.%d", 1+rand.IntN(254)),
		pods: make(map[types.UID]*pod),
	}
	n.ended.Go(func() { n.loop(ctx) })
	return n, nil
}

// Close kills all Pods and stops. The API still has them.
func (n *Nodes) Close() {
	n.stop()
	n.ended.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.pods {
		p.kill()
	}
}

// Outputs returns the end of what each Pod that is there has printed.
func (n *Nodes) Outputs(prefix string) string {
	const enough = 4000
	n.mu.Lock()
	defer n.mu.Unlock()
	all := &strings.Builder{}
	for _, p := range n.pods {
		if strings.HasPrefix(p.name, prefix) {
			output := p.output.String()
			fmt.Fprintf(all, "--- %s\n%s", p.name, output[max(0, len(output)-enough):])
		}
	}
	return all.String()
}

// Loopback returns the address on which the process of a Pod IP listens.
func Loopback(ip string) string {
	_, rest, _ := strings.Cut(ip, ".")
	return "127." + rest
}

func (n *Nodes) loop(ctx context.Context) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		pods, err := n.client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
		if err != nil {
			continue // kube-apiserver may be away
		}
		seen := make(map[types.UID]bool)
		on := make(map[string]int) // Pods by node
		for i := range pods.Items {
			on[pods.Items[i].Spec.NodeName]++
		}
		for i := range pods.Items {
			o := &pods.Items[i]
			seen[o.UID] = true
			if err := n.sync(ctx, o, on); err != nil && ctx.Err() == nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
				n.Warnf("Pod %s/%s: %v", o.Namespace, o.Name, err)
			}
		}
		n.forget(seen)
		if err := n.publish(ctx, pods.Items); err != nil && ctx.Err() == nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			n.Warnf("endpoints: %v", err)
		}
	}
}

// forget kills the Pods that are not in the API any more.
func (n *Nodes) forget(seen map[types.UID]bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for uid, p := range n.pods {
		if !seen[uid] {
			p.kill()
			delete(n.pods, uid)
		}
	}
}

// sync does the next step for a Pod. on counts the Pods of each node.
func (n *Nodes) sync(ctx context.Context, o *corev1.Pod, on map[string]int) error {
	if o.Spec.NodeName == "" {
		return n.bind(ctx, o, on)
	}
	if o.Status.Phase == corev1.PodSucceeded || o.Status.Phase == corev1.PodFailed {
		if o.DeletionTimestamp != nil {
			return n.deleted(ctx, o)
		}
		return nil
	}
	n.mu.Lock()
	p := n.pods[o.UID]
	if p == nil {
		n.nextIP++
		p = &pod{nodes: n, name: o.Name, ip: fmt.Sprintf("%s.%d.%d", n.network, n.nextIP/250, 1+n.nextIP%250)}
		n.pods[o.UID] = p
	}
	n.mu.Unlock()
	if o.DeletionTimestamp != nil {
		if p.terminate(o) {
			return n.deleted(ctx, o)
		}
		return nil
	}
	return p.step(ctx, o)
}

// bind puts a Pod on a node with the fewest Pods, as the anti-affinity of the chart prefers.
func (n *Nodes) bind(ctx context.Context, o *corev1.Pod, on map[string]int) error {
	name := slices.MinFunc(n.names, func(a, b string) int { return cmp.Compare(on[a], on[b]) })
	on[name]++
	binding := &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Name: o.Name, Namespace: o.Namespace, UID: o.UID},
		Target:     corev1.ObjectReference{Kind: "Node", Name: name},
	}
	return n.client.CoreV1().Pods(o.Namespace).Bind(ctx, binding, metav1.CreateOptions{})
}

// deleted tells the API that nothing of a Pod runs any more.
func (n *Nodes) deleted(ctx context.Context, o *corev1.Pod) error {
	options := metav1.NewPreconditionDeleteOptions(string(o.UID))
	options.GracePeriodSeconds = new(int64)
	return n.client.CoreV1().Pods(o.Namespace).Delete(ctx, o.Name, *options)
}
