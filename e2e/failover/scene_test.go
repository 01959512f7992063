// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package failover

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"capsule.dev/tenantview/e2e/testcluster"
)

// kind is a kind that is served, and the least that kube-apiserver takes of it, in YAML.
type kind struct {
	testcluster.Served
	spec string
}

var kinds = []kind{
	{testcluster.NewServed("StorageClass"), "provisioner: example.com/disk"},
	{testcluster.NewServed("IngressClass"), "spec: {controller: example.com/ingress}"},
}

// always is the number of objects of each kind that alice sees all the time. moving is the number of those
// that change, and that come and go.
const always, moving = 20, 8

// object is an object of a Tenant.
func (k kind) object(name, tenant, mark string) string {
	return k.Object(name, fmt.Sprintf("labels: {tenant: %s}, annotations: {mark: %q}", tenant, mark), k.spec)
}

const tenants = `
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: solar}
spec:
  owners: [{kind: User, name: alice}]
  storageClasses: {matchLabels: {tenant: solar}}
  ingressOptions: {allowedClasses: {matchLabels: {tenant: solar}}}
---
apiVersion: capsule.clastix.io/v1beta2
kind: Tenant
metadata: {name: wind}
spec:
  owners: [{kind: User, name: bob}]
  storageClasses: {matchLabels: {tenant: wind}}
  ingressOptions: {allowedClasses: {matchLabels: {tenant: wind}}}
`

// arrange makes the objects, and deletes them when the test ends.
func arrange(t *testing.T) {
	t.Helper()
	source := tenants
	for _, k := range kinds {
		for i := range always {
			source += k.object(fmt.Sprintf("always-%d", i), "solar", "")
		}
		for i := range moving {
			source += k.object(fmt.Sprintf("moving-%d", i), "solar", "")
		}
		source += k.object("never", "wind", "")
	}
	shared.Create(t, source)
}

// writer changes the moving objects until it is stopped: they come, change and go, for alice by their
// label or because they are deleted.
type writer struct {
	stop   context.CancelFunc
	done   chan struct{}
	writes int
}

func startWriter(t *testing.T) *writer {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	w := &writer{stop: stop, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for ctx.Err() == nil {
			k, name := kinds[rand.IntN(len(kinds))], fmt.Sprintf("moving-%d", rand.IntN(moving))
			w.writes++
			switch rand.IntN(5) {
			case 0:
				_ = shared.Client(k.UpstreamKind, "").Delete(ctx, name, metav1.DeleteOptions{}) // there may be none
			default:
				tenant := []string{"solar", "solar", "wind"}[rand.IntN(3)]
				_, _ = shared.Put(ctx, testcluster.Decode(t, k.object(name, tenant, fmt.Sprint(w.writes)))...) // or the test has ended
			}
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	t.Cleanup(w.end)
	return w
}

func (w *writer) end() {
	w.stop()
	<-w.done
}

// truth returns what alice must see of a kind, computed only from the objects of the cluster: the mark of
// each object by its name.
func truth(ctx context.Context, k kind) (map[string]string, error) {
	list, err := shared.Client(k.UpstreamKind, "").List(ctx, metav1.ListOptions{LabelSelector: "tenant=solar"})
	if err != nil {
		return nil, err
	}
	want := make(map[string]string)
	for i := range list.Items {
		want[list.Items[i].GetName()] = mark(&list.Items[i])
	}
	return want, nil
}

func mark(o metav1.Object) string { return o.GetAnnotations()["mark"] }

// forbidden returns whether alice never sees an object of this name.
func forbidden(name string) bool {
	return !strings.HasPrefix(name, "always-") && !strings.HasPrefix(name, "moving-")
}
