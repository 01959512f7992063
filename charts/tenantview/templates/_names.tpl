{{/* The value of the label app.kubernetes.io/name. */}}
{{- define "tenantview.name" -}}
{{- .Values.nameOverride | default "tenantview-apiserver" -}}
{{- end }}

{{/* The name of most objects. There is one tenantview in a cluster, so it does not depend on the release. */}}
{{- define "tenantview.fullname" -}}
{{- .Values.fullnameOverride | default "tenantview-apiserver" -}}
{{- end }}

{{/* The name of the server's ServiceAccount. */}}
{{- define "tenantview.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "tenantview.fullname" .) -}}
{{- else -}}
{{- required "serviceAccount.name is required when serviceAccount.create is false: the server needs rights that the account \"default\" should not have" .Values.serviceAccount.name -}}
{{- end -}}
{{- end }}

{{/* The labels by which the Pods are selected. They can never change. */}}
{{- define "tenantview.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tenantview.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The labels of every object. The chart's version is not on Pods: it would restart them. */}}
{{- define "tenantview.labels" -}}
{{- $labels := dict
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/version" (.Chart.AppVersion | replace "+" "_" | trunc 63)
  "app.kubernetes.io/managed-by" .Release.Service
  "app.kubernetes.io/part-of" "tenantview" -}}
{{- toYaml (mergeOverwrite (deepCopy .Values.commonLabels) $labels (fromYaml (include "tenantview.selectorLabels" .))) -}}
{{- end }}

{{/* The name and the labels that begin the metadata of an object: (list . NAME [LABELS]). */}}
{{- define "tenantview.metadata" -}}
{{- $more := dict -}}
{{- if gt (len .) 2 }}{{ $more = index . 2 }}{{ end -}}
name: {{ index . 1 }}
labels:
  {{- toYaml (mergeOverwrite (deepCopy $more) (fromYaml (include "tenantview.labels" (index . 0)))) | nindent 2 }}
{{- end }}

{{/* The image, by its digest if there is one. */}}
{{- define "tenantview.image" -}}
{{- $repository := printf "%s/%s" .Values.image.registry .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end }}
