// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"sync"
	"time"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"

	"capsule.dev/tenantview/pkg/registry"
	"capsule.dev/tenantview/pkg/servingcert"
	"capsule.dev/tenantview/pkg/source"
	"capsule.dev/tenantview/pkg/tenancy"
)

// serverMetrics are the metrics that are updated when something happens. Users, tenants and objects
// must never be labels: readers of metrics may not be allowed to see them.
type serverMetrics struct {
	listItems  *metrics.HistogramVec
	grantApply *metrics.Histogram
	resumes    *metrics.CounterVec
	terminated *metrics.CounterVec
}

func newMetrics() *serverMetrics {
	return &serverMetrics{
		listItems: metrics.NewHistogramVec(&metrics.HistogramOpts{
			Name:           "tenantview_list_items",
			Help:           "Items in an answered list.",
			Buckets:        metrics.ExponentialBuckets(1, 4, 9),
			StabilityLevel: metrics.ALPHA,
		}, []string{"resource"}),
		grantApply: metrics.NewHistogram(&metrics.HistogramOpts{
			Name:           "tenantview_grant_apply_seconds",
			Help:           "Time to apply one change of a source to the views and grants.",
			Buckets:        metrics.ExponentialBuckets(1e-6, 4, 12),
			StabilityLevel: metrics.ALPHA,
		}),
		resumes: metrics.NewCounterVec(&metrics.CounterOpts{
			Name:           "tenantview_watch_resume_total",
			Help:           "Requests to resume a watch at a revision, by how they went.",
			StabilityLevel: metrics.ALPHA,
		}, []string{"resource", "result"}),
		terminated: metrics.NewCounterVec(&metrics.CounterOpts{
			Name:           "tenantview_watch_terminated_total",
			Help:           "Watches that have ended, by the reason.",
			StabilityLevel: metrics.ALPHA,
		}, []string{"resource", "reason"}),
	}
}

// refused counts in all servers of the process: the filters are made before a server's metrics.
var refused = metrics.NewCounterVec(&metrics.CounterOpts{
	Name:           "tenantview_refused_requests_total",
	Help:           "Requests and connections that have been refused because they exceed a limit, by the limit.",
	StabilityLevel: metrics.ALPHA,
}, []string{"reason"})

func observeRefusal(reason string) { refused.WithLabelValues(reason).Inc() }

func (m *serverMetrics) observeList(resource string, items int) {
	m.listItems.WithLabelValues(resource).Observe(float64(items))
}

func (m *serverMetrics) observeResume(resource, result string) {
	m.resumes.WithLabelValues(resource, result).Inc()
}

func (m *serverMetrics) observeTermination(resource, reason string) {
	m.terminated.WithLabelValues(resource, reason).Inc()
}

func (m *serverMetrics) observeApply(d time.Duration) { m.grantApply.Observe(d.Seconds()) }

// registration guards the process's registry, which accepts each name once. The process serves the
// metrics of its first server.
var registration sync.Once

func (m *serverMetrics) register(c *collector) {
	registration.Do(func() {
		legacyregistry.MustRegister(m.listItems, m.grantApply, m.resumes, m.terminated, refused)
		legacyregistry.CustomMustRegister(c)
	})
}

var (
	objectsDesc  = describe("objects", "Objects in the view.", "resource")
	watchersDesc = describe("watchers", "Running watches.", "resource")
	// Lists are computed from criteria. Their number bounds the cost of a change.
	criteriaDesc    = describe("criteria", "Distinct criteria that at least one subject holds.", "resource")
	subjectsDesc    = describe("subjects", "Users and groups that hold a grant, for the kind with the most of them.")
	revisionDesc    = describe("revision", "Revision of the view.", "resource")
	lagDesc         = describe("source_lag_seconds", "How far the served objects lag behind the source, in seconds: the time without a connection, or for which events have been waiting to be applied.", "source")
	syncedDesc      = describe("source_synced", "1 if the source has been read, otherwise 0.", "source")
	absentDesc      = describe("source_absent", "1 if the cluster does not serve the source's resource, according to discovery or because requests have not found it for 30 seconds.", "source")
	invalidDesc     = describe("invalid_objects", "Objects whose grants are partly ignored because they are invalid or too large, and objects that are missing.", "source", "reason")
	certificateDesc = describe("serving_certificate_expiration_timestamp_seconds", "End of the validity of the certificate that is being served, as a Unix timestamp in seconds.")
)

func describe(name, help string, labels ...string) *metrics.Desc {
	return metrics.NewDesc("tenantview_"+name, help, labels, nil, metrics.ALPHA, "")
}

// collector reads the state of the views and sources when metrics are collected.
type collector struct {
	metrics.BaseStableCollector
	kinds   []*registry.Kind
	cluster *tenancy.Cluster
	sources *source.Sources
	// certificate is nil if the server does not serve by TLS.
	certificate *servingcert.Monitor
}

func newCollector(kinds []*registry.Kind, cluster *tenancy.Cluster, sources *source.Sources, certificate *servingcert.Monitor) *collector {
	return &collector{kinds: kinds, cluster: cluster, sources: sources, certificate: certificate}
}

// DescribeWithStability sends the descriptions of the metrics.
func (c *collector) DescribeWithStability(ch chan<- *metrics.Desc) {
	for _, d := range []*metrics.Desc{objectsDesc, watchersDesc, criteriaDesc, subjectsDesc, revisionDesc, lagDesc, syncedDesc, absentDesc, invalidDesc, certificateDesc} {
		ch <- d
	}
}

// CollectWithStability sends the current values of the metrics.
func (c *collector) CollectWithStability(ch chan<- metrics.Metric) {
	gauge := func(d *metrics.Desc, value float64, labels ...string) {
		ch <- metrics.NewLazyConstMetric(d, metrics.GaugeValue, value, labels...)
	}
	subjects := 0
	for _, kind := range c.kinds {
		stats := c.cluster.View(kind.Upstream.GroupResource()).Stats()
		gauge(objectsDesc, float64(stats.Objects), kind.Resource)
		gauge(watchersDesc, float64(stats.Watchers), kind.Resource)
		gauge(criteriaDesc, float64(stats.Criteria), kind.Resource)
		gauge(revisionDesc, float64(stats.Revision), kind.Resource)
		subjects = max(subjects, stats.Subjects)
	}
	gauge(subjectsDesc, float64(subjects))
	for _, s := range c.sources.All() {
		gauge(lagDesc, s.Lag().Seconds(), s.Name())
		gauge(syncedDesc, oneIf(s.Synced()), s.Name())
		gauge(absentDesc, oneIf(s.Absent()), s.Name())
	}
	for key, n := range c.cluster.Invalid() {
		gauge(invalidDesc, float64(n), key.Source, key.Reason)
	}
	if c.certificate == nil {
		return
	}
	if notAfter, ok := c.certificate.NotAfter(); ok {
		gauge(certificateDesc, float64(notAfter.Unix()))
	}
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
