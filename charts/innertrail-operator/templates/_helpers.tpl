{{/* Name of the ServiceAccount. */}}
{{- define "innertrail.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default "innertrail-operator" -}}
{{- end -}}

{{/* The image, by digest where one is given. */}}
{{- define "innertrail.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Labels that select the pods; they never change. */}}
{{- define "innertrail.selectorLabels" -}}
app.kubernetes.io/name: innertrail
app.kubernetes.io/component: operator
{{- end -}}

{{/* Labels of every object. */}}
{{- define "innertrail.labels" -}}
{{ include "innertrail.selectorLabels" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}
