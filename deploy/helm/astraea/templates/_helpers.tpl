{{/* Base of all names. Short enough for a StatefulSet's longest suffix, and for pod names that are node names. */}}
{{- define "astraea.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 36 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 36 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Name of a role's workload. Takes (dict "root" $ "role" "gateway"). */}}
{{- define "astraea.workload" -}}
{{- if eq .role "node" -}}
{{- include "astraea.name" .root -}}
{{- else -}}
{{- printf "%s-%s" (include "astraea.name" .root) .role -}}
{{- end -}}
{{- end -}}

{{/* All our pods. */}}
{{- define "astraea.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The pods of a role. Takes (dict "root" $ "role" "gateway"). */}}
{{- define "astraea.roleSelector" -}}
{{ include "astraea.selector" .root }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{- define "astraea.labels" -}}
{{ include "astraea.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* The role that answers HTTP. */}}
{{- define "astraea.httpRole" -}}
{{- ternary "gateway" "node" .Values.cluster.enabled -}}
{{- end -}}

{{- define "astraea.keysSecret" -}}
{{- .Values.apiKeys.existingSecret | default (printf "%s-keys" (include "astraea.name" .)) -}}
{{- end -}}

{{- define "astraea.trustSecret" -}}
{{- .Values.cluster.trust.existingSecret | default (printf "%s-trust" (include "astraea.name" .)) -}}
{{- end -}}

{{/* Seconds to SIGKILL: always more than a process takes to stop by itself. */}}
{{- define "astraea.grace" -}}
{{- $stop := ternary .Values.cluster.drainSeconds 30 .Values.cluster.enabled | int64 -}}
{{- $grace := .Values.terminationGraceSeconds | int64 -}}
{{- if eq $grace 0 -}}
{{- add $stop 30 -}}
{{- else if lt $grace (add $stop 5) -}}
{{- fail (printf "terminationGraceSeconds is %d, but a process takes up to %d s to stop (cluster.drainSeconds; 30 without a cluster): it must be at least 5 s more, or 0." $grace $stop) -}}
{{- else -}}
{{- $grace -}}
{{- end -}}
{{- end -}}

{{/* What contradicts itself is refused before anything is installed. */}}
{{- define "astraea.check" -}}
{{- if .Values.cluster.enabled -}}
{{- if not .Values.postgres.existingSecret -}}
{{- fail "A cluster keeps its histories on PostgreSQL: name the secret with the connection string in postgres.existingSecret." -}}
{{- end -}}
{{- if not (or .Values.apiKeys.existingSecret .Values.apiKeys.keys) -}}
{{- fail "A cluster needs API keys: set apiKeys.keys, or name a secret in apiKeys.existingSecret. (Each gateway would make a key of its own.)" -}}
{{- end -}}
{{- $ports := list 8080 (.Values.cluster.siloPort | int64) (.Values.cluster.gatewayPort | int64) (.Values.cluster.dataPlanePort | int64) -}}
{{- if ne (len (uniq ($ports | toStrings))) 4 -}}
{{- fail (printf "cluster.siloPort, cluster.gatewayPort and cluster.dataPlanePort must differ from each other and from 8080: %s." ($ports | toStrings | join ", ")) -}}
{{- end -}}
{{- else if .Values.postgres.existingSecret -}}
{{- fail "postgres.existingSecret is set, but PostgreSQL is for a cluster: set cluster.enabled as well." -}}
{{- end -}}
{{- end -}}

{{/* A role's resources with its GPUs. Takes (dict "resources" ... "gpu" n). */}}
{{- define "astraea.resources" -}}
{{- $resources := deepCopy (.resources | default dict) -}}
{{- if gt (.gpu | int64) 0 -}}
{{- $limits := set (deepCopy ($resources.limits | default dict)) "nvidia.com/gpu" (.gpu | int64 | toString) -}}
{{- $resources = set $resources "limits" $limits -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end -}}
