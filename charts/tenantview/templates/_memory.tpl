{{/*
The value of GOMEMLIMIT: as given, or nine tenths of the memory limit, so that the server collects garbage before it
is killed. Empty without a limit.
*/}}
{{- define "tenantview.goMemLimit" -}}
{{- if .Values.goMemLimit -}}
{{- .Values.goMemLimit -}}
{{- else -}}
{{- with (dig "memory" "" (dig "limits" dict (.Values.resources | default dict) | default dict)) -}}
  {{- $quantity := kindIs "float64" . | ternary (float64 . | printf "%.0f") (toString .) -}}
  {{- $unit := regexFind "[A-Za-z]*$" $quantity -}}
  {{- $factors := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
  {{- if or (not (hasKey $factors $unit)) (not (regexMatch "^[0-9]+(\\.[0-9]+)?[A-Za-z]*$" $quantity)) -}}
  {{- fail (printf "resources.limits.memory is %q: use a number with one of the units k, M, G, T, Ki, Mi, Gi, Ti, or set goMemLimit" $quantity) -}}
  {{- end -}}
  {{- printf "%dMiB" (max 1 (int64 (divf (mulf (float64 (trimSuffix $unit $quantity)) (index $factors $unit) 0.9) 1048576))) -}}
{{- end -}}
{{- end -}}
{{- end }}
