// Copyright The tenantview Authors.
// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"strings"
	"testing"
)

// A wrong value must fail before anything is installed, with a message that names it.
func TestWrongValues(t *testing.T) {
	for values, want := range map[string]string{
		// A typing error.
		"replica: 1":                            "additional properties 'replica' not allowed",
		"policy: {ownerGrant: Implicit}":        "at '/policy': additional properties 'ownerGrant' not allowed",
		"metrics: {serviceMonitor: {on: true}}": "at '/metrics/serviceMonitor': additional properties",
		"users: {aggregateTo: {owner: true}}":   "at '/users/aggregateTo': additional properties 'owner' not allowed",
		"serviceAccount: {annotation: {}}":      "at '/serviceAccount': additional properties 'annotation' not allowed",

		// A value that the server does not know.
		"policy: {profile: capsule}":                "at '/policy/profile': value must be one of",
		"policy: {ownerGrants: All}":                "at '/policy/ownerGrants': value must be one of",
		"policy: {unsetClasses: Some}":              "at '/policy/unsetClasses': value must be one of",
		"policy: {unsetNodeSelector: Some}":         "at '/policy/unsetNodeSelector': value must be one of",
		"policy: {nativeRBAC: union}":               "at '/policy/nativeRBAC': value must be one of",
		"policy: {capsuleUsersOnly: 'yes, please'}": "at '/policy/capsuleUsersOnly': value must be one of",
		"policy: {proxySettingRules: On}":           "at '/policy/proxySettingRules': value must be one of",
		"policy: {proxySettingGrants: Owner}":       "at '/policy/proxySettingGrants': value must be one of",
		"policy: {tenantSubjects: All}":             "at '/policy/tenantSubjects': value must be one of",
		"policy: {globalProxySettings: Maybe}":      "at '/policy/globalProxySettings': value must be one of",
		"policy: {roleBindingNamespaces: On}":       "at '/policy/roleBindingNamespaces': value must be one of",
		"policy: {pvClaimRef: Label}":               "at '/policy/pvClaimRef': value must be one of",
		"nativeRBACReviewInterval: 30":              "at '/nativeRBACReviewInterval': got number, want string",
		"nativeRBACReviewInterval: 30 seconds":      "at '/nativeRBACReviewInterval': '30 seconds' does not match pattern",
		"nativeRBACReviewInterval: 500ms":           "at '/nativeRBACReviewInterval'",
		"nativeRBACReviewInterval: 0s":              "nativeRBACReviewInterval",
		"nativeRBACReviewInterval: 0.5s":            "nativeRBACReviewInterval",
		"logging: {format: xml}":                    "at '/logging/format': value must be one of",
		"logging: {verbosity: 11}":                  "at '/logging/verbosity': maximum: got 11, want 10",
		"listNodeImages: 'yes'":                     "at '/listNodeImages': got string, want boolean",

		// A value that Kubernetes does not know, or that is out of range.
		"replicas: 0":                                          "at '/replicas': minimum: got 0, want 1",
		"replicas: two":                                        "at '/replicas': got string, want integer",
		"securePort: 70000":                                    "at '/securePort': maximum: got 70,000, want 65,535",
		"securePort: 443":                                      "at '/securePort': minimum: got 443, want 1,024",
		"image: {pullPolicy: Sometimes}":                       "at '/image/pullPolicy': value must be one of",
		"image: {digest: 0123}":                                "at '/image/digest'",
		"image: {tag: 'v1:2'}":                                 "at '/image/tag'",
		"image: {repository: UPPER}":                           "at '/image/repository'",
		"fullnameOverride: Upper":                              "at '/fullnameOverride': 'Upper' does not match pattern",
		"fullnameOverride: " + strings.Repeat("a", 64):         "at '/fullnameOverride': maxLength: got 64, want 63",
		"commonLabels: {a: 'b c'}":                             "at '/commonLabels/a': 'b c' does not match pattern",
		"podAnnotations: {a: true}":                            "at '/podAnnotations/a': got boolean, want string",
		"dnsPolicy: Host":                                      "at '/dnsPolicy': value must be one of",
		"podDisruptionBudget: {maxUnavailable: some}":          "at '/podDisruptionBudget/maxUnavailable'",
		"service: {ipFamilyPolicy: Dual}":                      "at '/service/ipFamilyPolicy': value must be one of",
		"users: {subjects: [{kind: Group}]}":                   "at '/users/subjects/0': missing property 'name'",
		"users: {subjects: [{kind: ServiceAccount, name: a}]}": "at '/users/subjects/0': missing property 'namespace'",
		"metrics: {readers: [{name: a}]}":                      "at '/metrics/readers/0': missing property 'namespace'",
		"metrics: {serviceMonitor: {interval: often}}":         "at '/metrics/serviceMonitor/interval'",
		"audit: {rules: []}":                                   "at '/audit/rules': minItems: got 0, want 1",
		"audit: {rules: [{level: Everything}]}":                "at '/audit/rules/0/level': value must be one of",
		"audit: {logPath: audit.log}":                          "at '/audit/logPath': 'audit.log' does not match pattern",
		"tracing: {enabled: true, endpoint: 'http://a:1'}":     "at '/tracing/endpoint'",
		"tracing: {samplingRatePerMillion: 1000001}":           "at '/tracing/samplingRatePerMillion': maximum",
		"extraArgs: [verbose]":                                 "at '/extraArgs/0': 'verbose' does not match pattern",
		"extraEnv: [{value: a}]":                               "at '/extraEnv/0': missing property 'name'",
		"goMemLimit: 1 GB":                                     "at '/goMemLimit': '1 GB' does not match pattern",
		"goGC: half":                                           "at '/goGC': 'half' does not match pattern",
		"goGC: 0":                                              "at '/goGC': minimum: got 0, want 1",
		"goGC: '0'":                                            "at '/goGC': '0' does not match pattern",
		"goGC: 1000000":                                        "at '/goGC': maximum",
		"resources: {limits: {memory: many}}":                  "at '/resources/limits/memory': 'many' does not match pattern",
		"certificates: {source: helmet}":                       "at '/certificates/source': value must be one of",
		"certificates: {caBundle: abc}":                        "at '/certificates/caBundle': 'abc' does not match pattern",
		"certificates: {certManager: {duration: long}}":        "at '/certificates/certManager/duration'",
		"certificates: {insecureSkipTLSVerify: true}":          "additional properties 'insecureSkipTLSVerify' not allowed",
		"apiService: {insecureSkipTLSVerify: true}":            "additional properties 'insecureSkipTLSVerify' not allowed",

		// Values that are wrong together.
		"certificates: {source: secret, caBundle: " + certificate + "}":                             "certificates.secret.name is required when certificates.source is secret",
		"certificates: {source: secret, secret: {name: a}}":                                         "certificates.caBundle is required when certificates.source is secret",
		"certificates: {secret: {name: a}}":                                                         "certificates.secret.name is set, but certificates.source is helm",
		"certificates: {caBundle: " + certificate + "}":                                             "certificates.caBundle cannot be set when certificates.source is helm",
		"certificates: {certManager: {issuerRef: {name: a}}}":                                       "certificates.certManager.issuerRef is set, but certificates.source is helm",
		"certificates: {source: cert-manager, certManager: {issuerRef: {kind: Issuer}}}":            "at '/certificates/certManager/issuerRef': missing property 'name'",
		"certificates: {helm: {validityDays: 10, renewBeforeDays: 10}}":                             "certificates.helm.renewBeforeDays must be less than",
		"tracing: {enabled: true}":                                                                  "tracing.endpoint is required when tracing.enabled is true",
		"serviceAccount: {create: false}":                                                           "serviceAccount.name is required when serviceAccount.create is false",
		"autoscaling: {enabled: true, minReplicas: 6}":                                              "autoscaling.minReplicas (6) must not be more than autoscaling.maxReplicas (5)",
		"autoscaling: {enabled: true, targetCPUUtilizationPercentage: 0}":                           "autoscaling.targetCPUUtilizationPercentage and",
		"resourceQuota: {enabled: true}\npriorityClassName: ''":                                     "resourceQuota.enabled is true, but priorityClassName is empty",
		"{resourceQuota: {enabled: true, pods: 3}, replicas: 3}":                                    "resourceQuota.pods (3) must be at least 4",
		"{resourceQuota: {enabled: true}, replicas: 9, strategy: {rollingUpdate: {maxSurge: 25%}}}": "resourceQuota.pods (10) must be at least 12",
		"{resourceQuota: {enabled: true}, autoscaling: {enabled: true, maxReplicas: 10}}":           "resourceQuota.pods (10) must be at least 11",
		"certificates: {source: secret, secret: {name: tenantview-apiserver-serving}}":              "certificates.secret.name is tenantview-apiserver-serving, the name of a Secret of the chart's own",
		"{fullnameOverride: a, certificates: {source: secret, secret: {name: a-ca}}}":               "certificates.secret.name is a-ca, the name of a Secret of the chart's own",
		"certificates: {source: cert-manager, certManager: {duration: 90m, renewBefore: 1h30m}}":    "certificates.certManager.renewBefore (1h30m) must be less than certificates.certManager.duration (90m)",
		"audit: {enabled: true, logPath: /etc/tenantview/audit/a.log}":                              "audit.logPath is /etc/tenantview/audit/a.log: its folder becomes a volume",
		"audit: {enabled: true, logPath: /var/run/tenantview/serving/a/a.log}":                      "cannot be in /var/run/tenantview/serving",
		"metrics: {prometheusRule: {enabled: true, disabled: [TenantviewSlo]}}":                     "metrics.prometheusRule.disabled has TenantviewSlo, which is no alert: there are TenantviewAbsent, ",
		"metrics: {prometheusRule: {runbookURLPrefix: docs}}":                                       "at '/metrics/prometheusRule/runbookURLPrefix'",
		"metrics: {serviceMonitor: {enabled: true, interval: 1m, scrapeTimeout: 1m1s}}":             "metrics.serviceMonitor.scrapeTimeout (1m1s) must not be more than metrics.serviceMonitor.interval (1m)",
		"terminationGracePeriodSeconds: 5":                                                          "terminationGracePeriodSeconds (5) must be more than shutdownDelaySeconds (5)",
		"extraArgs: [--owner-grants=Implicit]":                                                      "extraArgs must not have --owner-grants: set the value policy.ownerGrants instead",
		"extraArgs: [-v=4]":                                                                         "extraArgs must not have --v: set the value logging.verbosity instead",
		"resources: {limits: {memory: 1Pi}}":                                                        "resources.limits.memory is \"1Pi\"",
	} {
		t.Run(values, func(t *testing.T) {
			t.Parallel()
			_, err := helm(t, values, "template", release, chart)
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is not in the error:\n%v", want, err)
			}
		})
	}
}

// A quota for critical Pods in a namespace of the cluster's own would also count the cluster's own Pods.
func TestNoQuotaInTheClustersNamespaces(t *testing.T) {
	_, err := helm(t, "resourceQuota: {enabled: true}", "template", release, chart, "--namespace=kube-system")
	if err == nil || !strings.Contains(err.Error(), "resourceQuota.enabled is true in the namespace kube-system") {
		t.Errorf("error: %v", err)
	}
	// As many Pods as there can be at once are allowed.
	render(t, "{resourceQuota: {enabled: true, pods: 3}, strategy: {type: Recreate}, replicas: 3}")
	render(t, "{resourceQuota: {enabled: true, pods: 4}, replicas: 3}")
}
