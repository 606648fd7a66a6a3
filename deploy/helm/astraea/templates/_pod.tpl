{{/* The pod of a role. Takes (dict "root" $ "role" "gateway" "values" .Values.gateway). One image, one security context, one set of probes. */}}
{{- define "astraea.pod" -}}
{{- $inCluster := ne .role "node" -}}
{{- $answers := has .role (list "node" "gateway") -}}
{{- $computes := has .role (list "node" "worker") -}}
metadata:
  labels:
    {{- include "astraea.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .role }}
  {{- if $answers }}
  annotations:
    # New keys take effect by a restart: the process reads them at start.
    checksum/keys: {{ toYaml $.root.Values.apiKeys | sha256sum }}
  {{- end }}
spec:
  serviceAccountName: {{ include "astraea.workload" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "astraea.grace" .root }}
  {{- if and $computes $.root.Values.worker.runtimeClassName }}
  runtimeClassName: {{ $.root.Values.worker.runtimeClassName }}
  {{- end }}
  {{- with $.root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 1654
    runAsGroup: 1654
    fsGroup: 1654
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: silo
      image: "{{ $.root.Values.image.repository }}:{{ $.root.Values.image.tag | default .root.Chart.AppVersion }}"
      imagePullPolicy: {{ $.root.Values.image.pullPolicy }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: ["ALL"]
      ports:
        - name: http
          containerPort: 8080
          protocol: TCP
        {{- if $inCluster }}
        - name: silo
          containerPort: {{ $.root.Values.cluster.siloPort | int64 }}
          protocol: TCP
        - name: orleans-gateway
          containerPort: {{ $.root.Values.cluster.gatewayPort | int64 }}
          protocol: TCP
        {{- end }}
        {{- if eq .role "worker" }}
        - name: data-plane
          containerPort: {{ $.root.Values.cluster.dataPlanePort | int64 }}
          protocol: TCP
        {{- end }}
      {{- if $answers }}
      envFrom:
        - secretRef:
            name: {{ include "astraea.keysSecret" .root }}
      {{- end }}
      env:
        {{- include "astraea.env.common" . | nindent 8 }}
        {{- if $inCluster }}
        {{- include "astraea.env.cluster" . | nindent 8 }}
        {{- end }}
        {{- if $computes }}
        {{- include "astraea.env.worker" . | nindent 8 }}
        {{- end }}
      # Ten minutes: a large model is read and checked before anything listens.
      startupProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 2
        failureThreshold: 300
      livenessProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /readyz, port: http }
        periodSeconds: 2
        timeoutSeconds: 3
      volumeMounts:
        - name: data
          mountPath: /var/lib/astraea
        - name: scratch
          mountPath: /tmp
        {{- if $inCluster }}
        - name: trust
          mountPath: /etc/astraea/trust
          readOnly: true
        {{- end }}
        {{- if $.root.Values.model.existingClaim }}
        - name: models
          mountPath: /models
          readOnly: true
        {{- end }}
      resources:
        {{- include "astraea.resources" (dict "resources" .values.resources "gpu" (ternary $.root.Values.worker.gpu 0 $computes)) | nindent 8 }}
  volumes:
    - name: scratch
      emptyDir: {}
    {{- if $inCluster }}
    # Histories are on PostgreSQL; here is only what a process can make again.
    - name: data
      emptyDir: {}
    - name: trust
      secret:
        secretName: {{ include "astraea.trustSecret" .root }}
        # 0440: for the group of the process.
        defaultMode: 288
    {{- end }}
    {{- if $.root.Values.model.existingClaim }}
    - name: models
      persistentVolumeClaim:
        claimName: {{ $.root.Values.model.existingClaim }}
        readOnly: true
    {{- end }}
  {{- if $inCluster }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "astraea.roleSelector" . | nindent 10 }}
  {{- end }}
  {{- with .values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
