// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package seed

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"

	"capsule.dev/tenantview/hack/bench/world"
)

const (
	// objectsOfTransaction is also etcd's default of --max-txn-ops.
	objectsOfTransaction = 128
	// transactions is the number of transactions that are sent at the same time.
	transactions = 8
)

// Write writes all objects of a world into the etcd at an address. notef is called after each kind.
func Write(ctx context.Context, address string, w *world.World, notef func(format string, args ...any)) error {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{address}, Context: ctx})
	if err != nil {
		return fmt.Errorf("connecting to etcd: %w", err)
	}
	defer client.Close()
	for _, k := range w.Kinds() {
		if err := writeKind(ctx, client, k); err != nil {
			return fmt.Errorf("seeding %s: %w", k.Resource, err)
		}
		notef("seeded %d %s", k.Count, k.Resource)
	}
	return nil
}

func writeKind(ctx context.Context, client *clientv3.Client, k world.Kind) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(transactions)
	for first := 0; first < k.Count; first += objectsOfTransaction {
		group.Go(func() error {
			var puts []clientv3.Op
			for i := first; i < min(first+objectsOfTransaction, k.Count); i++ {
				object := k.Make(i)
				key, err := Key(k, object)
				if err != nil {
					return err
				}
				value, err := Encode(k, object)
				if err != nil {
					return err
				}
				puts = append(puts, clientv3.OpPut(key, string(value)))
			}
			_, err := client.Txn(ctx).Then(puts...).Commit()
			return err
		})
	}
	return group.Wait()
}
