{{/* How many replicas there can be, without those of a rolling update. */}}
{{- define "tenantview.maxReplicas" -}}
{{- ternary .Values.autoscaling.maxReplicas .Values.replicas .Values.autoscaling.enabled | int -}}
{{- end }}

{{/* How few replicas there are when nothing is wrong. */}}
{{- define "tenantview.minReplicas" -}}
{{- ternary .Values.autoscaling.minReplicas .Values.replicas .Values.autoscaling.enabled | int -}}
{{- end }}

{{/* How many Pods there can be during a rolling update. Kubernetes rounds a maxSurge in percent up, and takes 25%
without one. */}}
{{- define "tenantview.mostPods" -}}
{{- $replicas := include "tenantview.maxReplicas" . | int -}}
{{- $surge := toString (dig "maxSurge" "25%" (.Values.strategy.rollingUpdate | default dict)) -}}
{{- if ne .Values.strategy.type "RollingUpdate" -}}
{{- $replicas -}}
{{- else if hasSuffix "%" $surge -}}
{{- add $replicas (ceil (divf (mulf $replicas (trimSuffix "%" $surge | float64)) 100)) -}}
{{- else -}}
{{- add $replicas (int $surge) -}}
{{- end -}}
{{- end }}
