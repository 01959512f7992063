{{/* A setting as the server writes it: YAML reads On and Off without quotes as true and false. */}}
{{- define "tenantview.onOff" -}}
{{- if kindIs "bool" . }}{{ ternary "On" "Off" . }}{{ else }}{{ . }}{{ end -}}
{{- end }}

{{/*
The policy settings on which the server's rights depend, as JSON. Those that are empty come from the profile, as in
the server (pkg/grants/policy.go).
*/}}
{{- define "tenantview.policy" -}}
{{- $profiles := dict
  "default" (dict "globalProxySettings" "On" "roleBindingNamespaces" "RBACGet" "capsuleUsersOnly" "false")
  "capsule-proxy" (dict "globalProxySettings" "Off" "roleBindingNamespaces" "Off" "capsuleUsersOnly" "true") -}}
{{- $policy := index $profiles .Values.policy.profile -}}
{{- range $name := keys $policy -}}
  {{- $value := index $.Values.policy $name -}}
  {{- if eq $name "capsuleUsersOnly" }}{{ $value = toString $value }}{{ else }}{{ $value = include "tenantview.onOff" $value }}{{ end -}}
  {{- if $value }}{{ $_ := set $policy $name $value }}{{ end -}}
{{- end -}}
{{- toJson $policy -}}
{{- end }}

{{/*
The flags of the policy. A setting that is empty has no flag, so that the profile decides. The exception: with writes,
ProxySettings are bounded by what owners have unless the values say otherwise.
*/}}
{{- define "tenantview.policyArgs" -}}
{{- $grants := .Values.policy.proxySettingGrants | default (ternary "Owners" "" .Values.writes.enabled) -}}
- --profile={{ .Values.policy.profile }}
{{- range $flag, $value := dict
  "owner-grants" .Values.policy.ownerGrants
  "unset-classes" .Values.policy.unsetClasses
  "unset-node-selector" .Values.policy.unsetNodeSelector
  "native-rbac" .Values.policy.nativeRBAC
  "proxy-setting-rules" (include "tenantview.onOff" .Values.policy.proxySettingRules)
  "proxy-setting-grants" $grants
  "tenant-subjects" .Values.policy.tenantSubjects
  "global-proxy-settings" (include "tenantview.onOff" .Values.policy.globalProxySettings)
  "role-binding-namespaces" (include "tenantview.onOff" .Values.policy.roleBindingNamespaces)
  "pv-claim-ref" .Values.policy.pvClaimRef
  "capsule-users-only" (toString .Values.policy.capsuleUsersOnly) }}
{{- if $value }}
- --{{ $flag }}={{ $value }}
{{- end }}
{{- end }}
{{- end }}
