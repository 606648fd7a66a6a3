{{/* Numbers pass through int64: a chart value is a float, and a million would print as 1e+06. */}}

{{/* What every process reads. Takes (dict "root" $ "role" "gateway"). */}}
{{- define "astraea.env.common" -}}
- name: Astraea__Listen
  value: http://0.0.0.0:8080
- name: Astraea__DataDirectory
  value: /var/lib/astraea
- name: Astraea__Roles
  value: {{ ternary "gateway,control,worker" .role (eq .role "node") }}
- name: Astraea__Model__Path
  value: {{ .root.Values.model.path | quote }}
- name: Astraea__Model__Name
  value: {{ .root.Values.model.name | quote }}
- name: Astraea__Scheduler__Policy
  value: {{ .root.Values.scheduler.policy | quote }}
{{- end -}}

{{/* What makes a process a member of the cluster. */}}
{{- define "astraea.env.cluster" -}}
{{- $cluster := .root.Values.cluster -}}
- name: Astraea__Cluster__Id
  value: {{ $cluster.id | default .root.Release.Name | quote }}
{{- if ne .role "gateway" }}
# A StatefulSet's pod keeps its name over a restart, and with it its workers keep theirs.
- name: Astraea__Cluster__NodeName
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}
- name: Astraea__Cluster__AdvertisedAddress
  valueFrom:
    fieldRef:
      fieldPath: status.podIP
- name: Astraea__Cluster__SiloPort
  value: {{ $cluster.siloPort | int64 | quote }}
- name: Astraea__Cluster__GatewayPort
  value: {{ $cluster.gatewayPort | int64 | quote }}
- name: Astraea__Cluster__ProbeSeconds
  value: {{ $cluster.probeSeconds | quote }}
- name: Astraea__Cluster__MissedProbes
  value: {{ $cluster.missedProbes | int64 | quote }}
- name: Astraea__Cluster__DrainSeconds
  value: {{ $cluster.drainSeconds | int64 | quote }}
- name: Astraea__Cluster__SecretFile
  value: /etc/astraea/trust/cluster.secret
- name: Astraea__Cluster__CaFile
  value: /etc/astraea/trust
- name: Astraea__Storage__Postgres
  valueFrom:
    secretKeyRef:
      name: {{ .root.Values.postgres.existingSecret | quote }}
      key: {{ .root.Values.postgres.key | quote }}
{{- if eq .role "gateway" }}
# Open calls get most of the drain; the rest of it is for the process itself.
- name: Astraea__Gateway__DrainSeconds
  value: {{ max 1 (sub ($cluster.drainSeconds | int64) 10) | quote }}
# It listens until the Service has left it out, so that nobody's connection comes to nobody.
- name: Astraea__Gateway__LingerSeconds
  value: {{ min 5 (max 1 (sub ($cluster.drainSeconds | int64) 10)) | quote }}
# A client hears of a dead silo no sooner than the cluster has had time to notice it and to bring its requests up elsewhere.
- name: Astraea__Gateway__UnavailableAcceptMs
  value: {{ mulf (addf (mulf $cluster.probeSeconds $cluster.missedProbes) 6) 1000 | ceil | int64 | quote }}
{{- end }}
{{- end -}}

{{/* What a process with engines reads. */}}
{{- define "astraea.env.worker" -}}
{{- $worker := .root.Values.worker -}}
- name: Astraea__Worker__Count
  value: {{ $worker.count | int64 | quote }}
- name: Astraea__Worker__DeviceBlocks
  value: {{ $worker.deviceBlocks | int64 | quote }}
- name: Astraea__Worker__HostBlocks
  value: {{ $worker.hostBlocks | int64 | quote }}
- name: Astraea__Worker__Slots
  value: {{ $worker.slots | int64 | quote }}
- name: Astraea__Worker__StepTokens
  value: {{ $worker.stepTokens | int64 | quote }}
- name: Astraea__Worker__Threads
  value: {{ $worker.threads | int64 | quote }}
{{- if eq .role "worker" }}
# Segments end a little before the process does.
- name: Astraea__Worker__DrainSeconds
  value: {{ max 1 (sub (.root.Values.cluster.drainSeconds | int64) 5) | quote }}
- name: Astraea__DataPlane__Listen
  value: https://0.0.0.0:{{ .root.Values.cluster.dataPlanePort | int64 }}
- name: Astraea__DataPlane__Advertise
  valueFrom:
    fieldRef:
      fieldPath: status.podIP
{{- end }}
{{- end -}}
