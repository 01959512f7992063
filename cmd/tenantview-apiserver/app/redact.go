// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"strings"

	"github.com/go-logr/logr"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/component-base/logs/json"
	"k8s.io/klog/v2"
)

// withoutBodies makes klog leave out the bodies of requests and responses, which k8s.io/client-go/rest logs
// from -v=8 on. The body of a TokenReview is somebody's bearer token, and the others are objects of all
// tenants. client-go masks the Authorization header itself. The filter sees only what klog itself formats,
// which is --logging-format=text; see jsonFormat for the other format.
func withoutBodies() { klog.SetLogFilter(bodyFilter{}) }

// jsonFormat is the format of --logging-format=json without bodies. client-go gets this logger from contexts.
type jsonFormat struct{ json.Factory }

// The package k8s.io/component-base/logs/json/register would register the format with bodies.
func init() {
	utilruntime.Must(logsapi.RegisterLogFormat(logsapi.JSONLogFormat, jsonFormat{}, logsapi.LoggingBetaOptions))
}

// Create implements logsapi.LogFormatFactory.
func (f jsonFormat) Create(c logsapi.LoggingConfiguration, o logsapi.LoggingOptions) (logr.Logger, logsapi.RuntimeControl) {
	logger, control := f.Factory.Create(c, o)
	return logr.New(bodiless{logger.GetSink()}), control
}

const withheld = "(not logged)"

func isBody(message string) bool { return strings.HasSuffix(message, "Body") }

// bodyFilter implements klog.LogFilter.
type bodyFilter struct{}

// Filter implements klog.LogFilter.
func (bodyFilter) Filter(args []any) []any { return args }

// FilterF implements klog.LogFilter.
func (bodyFilter) FilterF(format string, args []any) (string, []any) { return format, args }

// FilterS implements klog.LogFilter.
func (bodyFilter) FilterS(message string, values []any) (string, []any) {
	if isBody(message) {
		return message + " " + withheld, nil
	}
	return message, values
}

// bodiless is a sink that withholds bodies.
type bodiless struct{ logr.LogSink }

// Init implements logr.LogSink. The inner sink was initialized, but this one adds a frame.
func (b bodiless) Init(logr.RuntimeInfo) {}

// Info implements logr.LogSink.
func (b bodiless) Info(level int, message string, values ...any) {
	message, values = bodyFilter{}.FilterS(message, values)
	deeper(b.LogSink).Info(level, message, values...)
}

// Error implements logr.LogSink.
func (b bodiless) Error(err error, message string, values ...any) {
	deeper(b.LogSink).Error(err, message, values...)
}

// WithValues implements logr.LogSink.
func (b bodiless) WithValues(values ...any) logr.LogSink {
	return bodiless{b.LogSink.WithValues(values...)}
}

// WithName implements logr.LogSink.
func (b bodiless) WithName(name string) logr.LogSink { return bodiless{b.LogSink.WithName(name)} }

// WithCallDepth implements logr.CallDepthLogSink.
func (b bodiless) WithCallDepth(depth int) logr.LogSink {
	if inner, ok := b.LogSink.(logr.CallDepthLogSink); ok {
		return bodiless{inner.WithCallDepth(depth)}
	}
	return b
}

// deeper skips the frame of bodiless, so that lines show where they come from.
func deeper(sink logr.LogSink) logr.LogSink {
	if inner, ok := sink.(logr.CallDepthLogSink); ok {
		return inner.WithCallDepth(1)
	}
	return sink
}
