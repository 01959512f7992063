{{/*
The manager that has taken the spec of an installed object over from Helm by server-side apply, or nothing. The jobs of
Capsule and capsule-proxy do so with their definitions, and leave Helm's annotations as they are.
*/}}
{{- define "tenantview.specTakenOver" -}}
{{- $manager := "" -}}
{{- range (dig "metadata" "managedFields" list .) -}}
  {{- if and (eq .operation "Apply") (not (has .manager (list "helm" "helm-controller"))) (hasKey (.fieldsV1 | default dict) "f:spec") -}}
  {{- $manager = .manager -}}
  {{- end -}}
{{- end -}}
{{- $manager -}}
{{- end }}
