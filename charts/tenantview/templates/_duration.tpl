{{/* A duration such as 1m30s, in milliseconds. */}}
{{- define "tenantview.milliseconds" -}}
{{- ((toDate "2006" "2000") | mustDateModify .).UnixMilli | int64 | sub ((toDate "2006" "2000").UnixMilli | int64) | mul -1 -}}
{{- end }}
