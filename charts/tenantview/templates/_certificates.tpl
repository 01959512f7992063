{{/* The name of the Secret with the serving certificate. Each source has its own: none takes over another's. */}}
{{- define "tenantview.servingSecret" -}}
{{- $source := .Values.certificates.source -}}
{{- if eq $source "secret" -}}
{{- required "certificates.secret.name is required when certificates.source is secret: the name of a Secret of type kubernetes.io/tls in the release's namespace" .Values.certificates.secret.name -}}
{{- else if eq $source "cert-manager" -}}
{{- printf "%s-cert-manager" (include "tenantview.fullname" .) -}}
{{- else -}}
{{- printf "%s-serving" (include "tenantview.fullname" .) -}}
{{- end -}}
{{- end }}

{{/* The DNS names of the certificate. kube-apiserver uses the first one. */}}
{{- define "tenantview.dnsNames" -}}
{{- $name := include "tenantview.fullname" . -}}
- {{ $name }}.{{ .Release.Namespace }}.svc
- {{ $name }}.{{ .Release.Namespace }}
{{- end }}

{{/*
The certificate that Helm makes, as JSON: the data of its Secret (in base64), and when it ends. It is made once in a
run, for all templates that need it. A certificate that the cluster has is kept, unless it is near its end or for
other names. The key of the CA is not kept: nobody can sign with it later. A new certificate has a new CA; the
bundle keeps the previous one, by which kube-apiserver verifies the Pods that still have the old certificate.
*/}}
{{- define "tenantview.helmCertificate" -}}
{{- if not (hasKey .Values.certificates.helm "made") -}}
  {{- $layout := "2006-01-02T15:04:05Z" -}}
  {{- $settings := .Values.certificates.helm -}}
  {{- if ge (int $settings.renewBeforeDays) (int $settings.validityDays) -}}
  {{- fail "certificates.helm.renewBeforeDays must be less than certificates.helm.validityDays: every upgrade would make a new certificate" -}}
  {{- end -}}
  {{- $names := fromYamlArray (include "tenantview.dnsNames" .) -}}
  {{- $old := (lookup "v1" "Secret" .Release.Namespace (include "tenantview.servingSecret" .)) | default dict -}}
  {{- $data := $old.data | default dict -}}
  {{- $annotations := dig "metadata" "annotations" dict $old | default dict -}}
  {{- $end := index $annotations "tenantview.capsule.dev/not-after" | default "1970-01-01T00:00:00Z" -}}
  {{- $renewal := toDate $layout $end | dateModify (printf "-%dh" (mul 24 $settings.renewBeforeDays)) -}}
  {{- $complete := and (index $data "tls.crt") (index $data "tls.key") (index $data "ca.crt") -}}
  {{- $sameNames := eq (index $annotations "tenantview.capsule.dev/dns-names" | default "") (join "," $names) -}}
  {{- $made := dict "data" $data "notAfter" $end -}}
  {{- if not (and $complete $sameNames (gt (int64 (unixEpoch $renewal)) (int64 (unixEpoch now)))) -}}
    {{- $days := int $settings.validityDays -}}
    {{- $ca := genCA (printf "%s-ca" (include "tenantview.fullname" .) | trunc 64) $days -}}
    {{- $serving := genSignedCert (first $names | trunc 64) nil $names $days $ca -}}
    {{- $previous := index $data "ca.crt" | default "" | b64dec | regexFind "-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----" -}}
    {{- $bundle := printf "%s\n%s" (trim $ca.Cert) $previous | trim -}}
    {{- $made = dict
      "data" (dict "tls.crt" (b64enc $serving.Cert) "tls.key" (b64enc $serving.Key) "ca.crt" (b64enc (printf "%s\n" $bundle)))
      "notAfter" (dateInZone $layout (now | dateModify (printf "%dh" (mul 24 $days))) "UTC") -}}
  {{- end -}}
  {{- $_ := set $settings "made" $made -}}
{{- end -}}
{{- toJson .Values.certificates.helm.made -}}
{{- end }}

{{/* Fails for settings of certificates that contradict each other. */}}
{{- define "tenantview.checkCertificates" -}}
{{- $c := .Values.certificates -}}
{{- if and (eq $c.source "helm") $c.caBundle -}}
{{- fail "certificates.caBundle cannot be set when certificates.source is helm, which makes its own CA: set certificates.source to secret" -}}
{{- end -}}
{{- if and (ne $c.source "secret") $c.secret.name -}}
{{- fail (printf "certificates.secret.name is set, but certificates.source is %s: set it to secret to use that Secret" $c.source) -}}
{{- end -}}
{{- if and (ne $c.source "cert-manager") $c.certManager.issuerRef -}}
{{- fail (printf "certificates.certManager.issuerRef is set, but certificates.source is %s: set it to cert-manager to use that issuer" $c.source) -}}
{{- end -}}
{{- $fullname := include "tenantview.fullname" . -}}
{{- if has $c.secret.name (list (printf "%s-serving" $fullname) (printf "%s-cert-manager" $fullname) (printf "%s-ca" $fullname)) -}}
{{- fail (printf "certificates.secret.name is %s, the name of a Secret of the chart's own: Helm or cert-manager would delete or replace yours. Use another name" $c.secret.name) -}}
{{- end -}}
{{- if and (eq $c.source "cert-manager") (ge (include "tenantview.milliseconds" $c.certManager.renewBefore | int64) (include "tenantview.milliseconds" $c.certManager.duration | int64)) -}}
{{- fail (printf "certificates.certManager.renewBefore (%s) must be less than certificates.certManager.duration (%s)" $c.certManager.renewBefore $c.certManager.duration) -}}
{{- end -}}
{{- if and (eq $c.source "secret") (not $c.caBundle) (not .Values.apiService.annotations) -}}
{{- fail "certificates.caBundle is required when certificates.source is secret: the PEM certificate of the authority that signed the certificate. Without it kube-apiserver trusts no server; only apiService.annotations by which something injects it can replace it" -}}
{{- end -}}
{{- end }}
