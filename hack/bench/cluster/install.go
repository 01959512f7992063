// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"capsule.dev/tenantview/hack/bench/world"
)

// install installs the CRDs, what the chart installs, a ServiceAccount that owns a Tenant, and the
// ClusterRoles that RoleBindings refer to.
func (c *Cluster) install(ctx context.Context) error {
	if err := c.Install(ctx); err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(c.AdminConfig())
	if err != nil {
		return err
	}
	robot := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: world.RobotName}}
	if _, err := client.CoreV1().ServiceAccounts(world.RobotNamespace).Create(ctx, robot, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	deleter := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "capsule-namespace-deleter"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"delete"}}},
	}
	if _, err := client.RbacV1().ClusterRoles().Create(ctx, deleter, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	return waitAggregated(ctx, client)
}

// waitAggregated returns when the ClusterRoles that RoleBindings refer to have their rules.
func waitAggregated(ctx context.Context, client kubernetes.Interface) error {
	for _, name := range []string{"admin", "edit", "view"} {
		var last error
		err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
			role, err := client.RbacV1().ClusterRoles().Get(ctx, name, metav1.GetOptions{})
			if err == nil && len(role.Rules) == 0 {
				err = fmt.Errorf("ClusterRole %s has no rules", name)
			}
			last = err
			return err == nil, nil
		})
		if err != nil {
			return fmt.Errorf("waiting for kube-controller-manager to aggregate ClusterRoles: %w: %w", err, last)
		}
	}
	return nil
}
