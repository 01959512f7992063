// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/authentication/user"

	"capsule.dev/tenantview/pkg/registry"
)

// Users who can create service accounts must not get a larger share that way.
func TestLimit(t *testing.T) {
	l := registry.NewLimit("things", 2, 0)
	var giveBack func()
	for i, step := range []struct {
		name    string
		refused bool
	}{
		{"alice", false},
		{"alice", false},
		{"alice", true},
		{"bob", false},
		{"system:serviceaccount:solar:a", false},
		{"system:serviceaccount:solar:b", false},
		{"system:serviceaccount:solar:c", true},
		{"system:serviceaccount:wind:a", false},
		// These are not names of service accounts.
		{"system:serviceaccount:solar", false},
		{"solar", false},
	} {
		done, err := l.Take(&user.DefaultInfo{Name: step.name})
		if (err != nil) != step.refused || err != nil && !apierrors.IsTooManyRequests(err) {
			t.Errorf("%d, %s: error %v, want one: %v", i, step.name, err, step.refused)
		}
		if step.name == "system:serviceaccount:solar:a" {
			giveBack = done
		}
	}
	giveBack()
	if _, err := l.Take(&user.DefaultInfo{Name: "system:serviceaccount:solar:c"}); err != nil {
		t.Errorf("after one was given back: %v", err)
	}
}

// Even if one person acts as many users, others must get a share.
func TestLimitOfAll(t *testing.T) {
	l := registry.NewLimit("things", 2, 4)
	giveBack := make(map[string]func())
	for i, step := range []struct {
		name    string
		refused bool
	}{{"a", false}, {"a", false}, {"b", false}, {"b", true}, {"c", false}, {"d", true}} {
		done, err := l.Take(&user.DefaultInfo{Name: step.name})
		if (err != nil) != step.refused || err != nil && !apierrors.IsTooManyRequests(err) {
			t.Errorf("%d, %s: error %v, want one: %v", i, step.name, err, step.refused)
		}
		giveBack[step.name] = done
	}
	giveBack["c"]()
	if _, err := l.Take(&user.DefaultInfo{Name: "d"}); err != nil {
		t.Errorf("after one was given back: %v", err)
	}
}

// In the second half there is room for those who hold little, and not only for one thing each: a
// client needs several watches.
func TestLimitLeavesRoomForThoseWhoHoldLittle(t *testing.T) {
	l := registry.NewLimit("things", 100, 200)
	take := func(name string, n int) bool {
		_, err := l.TakeN(&user.DefaultInfo{Name: name}, n)
		return err == nil
	}
	if !take("a", 100) || take("a", 1) || !take("b", 1) || !take("b", 1) || take("b", 1) {
		t.Error("b must get a fiftieth of what one may have, and no more, when half is taken")
	}
}

// What has a size may be larger than a user's share, if he has nothing else.
func TestSizeLimit(t *testing.T) {
	l := registry.NewSizeLimit("bytes", 10, 40)
	take := func(name string, n int) bool {
		_, err := l.TakeN(&user.DefaultInfo{Name: name}, n)
		return err == nil
	}
	for i, step := range []struct {
		name string
		n    int
		want bool
	}{{"a", 15, true}, {"a", 1, false}, {"b", 4, true}, {"b", 4, false}, {"c", 30, true}, {"d", 1, false}} {
		if got := take(step.name, step.n); got != step.want {
			t.Errorf("%d: %s takes %d: %v, want %v", i, step.name, step.n, got, step.want)
		}
	}
}

// A large thing counts as several, both for its user and in total.
func TestLimitOfLargeThings(t *testing.T) {
	l := registry.NewLimit("things", 5, 12)
	take := func(name string, n int) (giveBack func()) {
		giveBack, _ = l.TakeN(&user.DefaultInfo{Name: name}, n)
		return giveBack
	}
	large := take("a", 4)
	for _, step := range []struct {
		name string
		n    int
		want bool
	}{{"a", 2, false}, {"b", 1, true}, {"b", 2, false}, {"b", 1, true}, {"b", 1, false}, {"c", 5, true}, {"d", 2, false}, {"d", 1, true}} {
		if got := take(step.name, step.n) != nil; got != step.want {
			t.Errorf("%s takes %d: %v, want %v", step.name, step.n, got, step.want)
		}
	}
	large()
	if take("a", 4) == nil {
		t.Error("not all that was given back can be taken again")
	}
}
