// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"

	"capsule.dev/tenantview/internal/syncbuffer"
	"capsule.dev/tenantview/pkg/apis/capsule"
)

// lines collects the log lines of all goroutines.
type lines struct{ syncbuffer.Buffer }

// logger returns a logger whose lines are collected.
func (l *lines) logger() klog.Logger {
	return textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(l)))
}

// count returns how often a text has been logged.
func (l *lines) count(text string) int {
	return strings.Count(l.String(), text)
}

var message = regexp.MustCompile(`\] "([^"]*)" .*source="tenants"`)

// take returns the messages of the source tenants since the last take.
func (l *lines) take() []string {
	var all []string
	for _, found := range message.FindAllStringSubmatch(l.Take(), -1) {
		if n := len(all); n == 0 || all[n-1] != found[1] { // failures repeat
			all = append(all, found[1])
		}
	}
	return all
}

// If the log says that a source fails or does not exist, it must also say when that is over.
func TestRecoveriesAreLogged(t *testing.T) {
	inBothModes(t, func(t *testing.T, streams bool) {
		u := newUpstream(streams, "20", custom("a", "11", nil))
		u.bookmark = custom("", "", nil)
		u.fail(notFound)
		log := &lines{}
		ctx := klog.NewContext(t.Context(), log.logger())
		runWith(ctx, t, New("tenants", u.served, u.listWatch(), capsuleObject[capsule.Tenant], &recorder[*capsule.Tenant]{}))
		const (
			absent, appeared   = "The resource is not served, so it has no objects until it is", "The resource is served now"
			failing, recovered = "Listing and watching failed, retrying", "Watching again"
		)
		serve := func() { u.set("20", custom("a", "11", nil)) }
		expired := apierrors.NewResourceExpired("too old").Status()
		for _, step := range []struct {
			what string
			do   func()
			want []string
		}{
			{"absent", func() {}, []string{absent}},
			{"served", serve, []string{appeared}},
			{"lists again", func() { u.send(watch.Error, &expired) }, nil},
			{"fails", func() { u.fail(forbidden) }, []string{failing}},
			{"recovers", serve, []string{recovered}},
			{"vanishes", func() { u.fail(notFound) }, []string{absent}},
			{"fails while it is absent", func() { u.fail(forbidden) }, []string{failing}},
			{"is absent still", func() { u.fail(notFound) }, []string{absent}},
			{"is back", serve, []string{appeared}},
		} {
			step.do()
			time.Sleep(time.Minute)
			synctest.Wait()
			if diff := cmp.Diff(step.want, log.take()); diff != "" {
				t.Errorf("%s: logged (-want +got):\n%s", step.what, diff)
			}
		}
	})
}
