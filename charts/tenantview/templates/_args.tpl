{{/* The arguments of the server that values set. */}}
{{- define "tenantview.args" -}}
- --secure-port={{ .Values.securePort }}
- --tls-cert-file=/var/run/tenantview/serving/tls.crt
- --tls-private-key-file=/var/run/tenantview/serving/tls.key
- --serving-name={{ include "tenantview.dnsNames" . | fromYamlArray | first }}
- --shutdown-delay-duration={{ .Values.shutdownDelaySeconds }}s
{{ include "tenantview.policyArgs" . }}
- --list-node-images={{ .Values.listNodeImages }}
- --native-rbac-review-interval={{ .Values.nativeRBACReviewInterval }}
{{- if .Values.writes.enabled }}
- --enable-writes=true
{{- end }}
- --logging-format={{ .Values.logging.format }}
- --v={{ .Values.logging.verbosity }}
- --profiling={{ .Values.profiling }}
{{- with .Values.audit }}
{{- if .enabled }}
- --audit-policy-file=/etc/tenantview/audit/policy.yaml
- --audit-log-path={{ .logPath }}
{{- if ne .logPath "-" }}
- --audit-log-maxsize={{ .maxSize }}
- --audit-log-maxbackup={{ .maxBackup }}
- --audit-log-maxage={{ .maxAge }}
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.tracing.enabled }}
- --tracing-config-file=/etc/tenantview/tracing/tracing.yaml
{{- end }}
{{- end }}

{{/* extraArgs, which must not repeat a flag that a value sets: the rights that the chart gives would not fit. */}}
{{- define "tenantview.extraArgs" -}}
{{- $values := dict
  "secure-port" "securePort" "tls-cert-file" "certificates" "tls-private-key-file" "certificates" "serving-name" "fullnameOverride"
  "shutdown-delay-duration" "shutdownDelaySeconds" "profile" "policy.profile"
  "owner-grants" "policy.ownerGrants" "unset-classes" "policy.unsetClasses"
  "unset-node-selector" "policy.unsetNodeSelector" "native-rbac" "policy.nativeRBAC"
  "capsule-users-only" "policy.capsuleUsersOnly" "proxy-setting-rules" "policy.proxySettingRules"
  "proxy-setting-grants" "policy.proxySettingGrants" "tenant-subjects" "policy.tenantSubjects"
  "global-proxy-settings" "policy.globalProxySettings" "role-binding-namespaces" "policy.roleBindingNamespaces"
  "pv-claim-ref" "policy.pvClaimRef" "list-node-images" "listNodeImages"
  "native-rbac-review-interval" "nativeRBACReviewInterval" "enable-writes" "writes.enabled"
  "logging-format" "logging.format" "v" "logging.verbosity" "profiling" "profiling"
  "audit-policy-file" "audit.rules" "audit-log-path" "audit.logPath" "audit-log-maxsize" "audit.maxSize"
  "audit-log-maxbackup" "audit.maxBackup" "audit-log-maxage" "audit.maxAge" "tracing-config-file" "tracing" -}}
{{- range .Values.extraArgs }}
{{- $flag := regexReplaceAll "^--?([^=]*).*$" . "${1}" }}
{{- with index $values $flag }}
{{- fail (printf "extraArgs must not have --%s: set the value %s instead" $flag .) }}
{{- end }}
- {{ . | quote }}
{{- end }}
{{- end }}
