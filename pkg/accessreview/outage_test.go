// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package accessreview

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"
)

// While reviews fail, users see less than they may without any notice. The log must say so, and
// when it is over, but not with every request.
func TestOutagesAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer // written under the lock of the outage, and read between requests
		ctx := klog.NewContext(t.Context(), textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(&log))))
		var failing error
		r := New(&fake{answer: func(context.Context, authorizer.Attributes) (authorizer.Decision, error) {
			return authorizer.DecisionAllow, failing
		}}, 30*time.Second, NewNameLimit())
		away := errors.New("away")
		const outage, recovery = "Access reviews fail: ", "Access reviews work again"
		for _, step := range []struct {
			what  string
			after time.Duration
			err   error
			want  string
		}{
			{what: "works"},
			{what: "fails", after: time.Minute, err: away, want: outage},
			{what: "fails again", after: failureTTL + 1, err: away},
			{what: "fails for long", after: time.Hour, err: away},
			{what: "works once", after: failureTTL + 1},
			{what: "fails now and then", after: answerTTL + 1, err: away},
			{what: "works again", after: recoveryTime + 1, want: recovery},
			{what: "goes on", after: time.Minute},
			{what: "another outage", after: time.Minute, err: away, want: outage},
			{what: "another recovery", after: time.Minute, want: recovery},
		} {
			time.Sleep(step.after)
			failing = step.err
			log.Reset()
			_, _ = r.CanList(ctx, alice, nodes)
			got := log.String()
			if (step.want == "") != (got == "") || !strings.Contains(got, step.want) || strings.Count(got, "\n") > 1 {
				t.Errorf("%s: logged %q, want %q", step.what, got, step.want)
			}
			if strings.Contains(got, alice.Name) {
				t.Errorf("%s: the log names the user: %s", step.what, got)
			}
		}
	})
}
