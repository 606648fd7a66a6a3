using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Astraea.Silo.Composition;
using Astraea.Silo.Options;
using Astraea.Silo.Security;
using Microsoft.Extensions.Configuration;

namespace Astraea.Chart.Tests;

/// <summary>The chart as it would be installed, with each set of values.</summary>
public sealed class RenderTests
{
    private static readonly string[] s_given = ["agents-trust", "agents-postgres", "agents-keys", "astraea-postgres"];

    public static TheoryData<string> Sets => [.. ChartFiles.Sets];

    public static TheoryData<string> Clusters => ["minimal-cluster", "production-gpu"];

    [RenderedTheory]
    [MemberData(nameof(Sets))]
    public void Every_object_is_one_that_kubernetes_takes(string set) => Guard.Clean(ManifestRules.Problems(ChartFiles.Render(set), s_given));

    [RenderedTheory]
    [MemberData(nameof(Sets))]
    public void Every_variable_is_an_option_of_the_silo_and_every_value_passes_its_check(string set)
    {
        foreach (JsonObject workload in ChartFiles.Render(set).Workloads)
        {
            Guard.Clean(Rendered.Environment(workload).Keys.Where(name => !SiloSettings.Names.Contains(SettingsTests.General(name))).Select(name => $"{name} is no option"));
            IConfiguration configuration = Configuration(workload);
            foreach ((Type type, string section) in SiloSettings.Classes)
            {
                object options = configuration.GetSection(section).Get(type) ?? Activator.CreateInstance(type)!;
                List<ValidationResult> wrong = [];
                bool good = Validator.TryValidateObject(options, new ValidationContext(options), wrong, validateAllProperties: true);
                Assert.True(good, $"{ManifestRules.Title(workload)}: {string.Join("; ", wrong)}");
            }
        }
    }

    [RenderedTheory]
    [MemberData(nameof(Sets))]
    public void A_silo_takes_its_rendered_settings(string set)
    {
        foreach (JsonObject workload in ChartFiles.Render(set).Workloads)
        {
            IConfiguration configuration = Configuration(workload, new() { ["Astraea:DataDirectory"] = Path.GetTempPath() });
            NodeSettings settings = NodeSettings.Read(configuration);
            Assert.Equal(set is "minimal-cluster" or "production-gpu", settings.IsInCluster);
            DataPlaneOptions plane = NodeSettings.Section<DataPlaneOptions>(configuration, DataPlaneOptions.Section);
            Assert.True(DataPlaneAddress.TryRead(plane, out DataPlaneAddress? address, out string? problem), problem);
            if (settings.IsInCluster && settings.Is(NodeRoles.Worker))
                Assert.Equal($"https://10.1.2.3:{address.Bind.Port}", address.For(address.Bind.Port));
        }
    }

    [RenderedFact]
    public void By_default_it_is_one_process_with_one_history_file()
    {
        Rendered chart = ChartFiles.Render("defaults");
        JsonObject node = Assert.Single(chart.Workloads);
        Assert.Equal(("StatefulSet", 1L), ((string)node["kind"]!, node["spec"]!["replicas"]!.GetValue<long>()));
        Assert.Equal("gateway,control,worker", (string?)Rendered.Environment(node)["Astraea__Roles"]["value"]);
        Assert.Single((JsonArray)node["spec"]!["volumeClaimTemplates"]!);
        Assert.Empty(chart.Of("PodDisruptionBudget"));
        Assert.DoesNotContain(Rendered.Environment(node).Keys, name => name.StartsWith("Astraea__Cluster__", StringComparison.Ordinal));
        Assert.Contains("cat /var/lib/astraea/api.key", chart.Notes, StringComparison.Ordinal);
    }

    [RenderedTheory]
    [MemberData(nameof(Clusters))]
    public void A_cluster_has_a_workload_and_a_budget_for_each_role(string set)
    {
        Rendered chart = ChartFiles.Render(set);
        Assert.Equal(["gateway", "control", "worker"], chart.Workloads.Select(w => (string?)Rendered.Environment(w)["Astraea__Roles"]["value"]));
        Assert.Equal(["Deployment", "StatefulSet", "StatefulSet"], chart.Workloads.Select(w => (string?)w["kind"]));
        Assert.Equal(3, chart.Of("PodDisruptionBudget").Count());
        Assert.DoesNotContain("api.key", chart.Notes, StringComparison.Ordinal);
        foreach (JsonObject workload in chart.Workloads)
        {
            IReadOnlyDictionary<string, JsonObject> environment = Rendered.Environment(workload);
            Assert.Equal("status.podIP", (string?)environment["Astraea__Cluster__AdvertisedAddress"]["valueFrom"]!["fieldRef"]!["fieldPath"]);
            Assert.NotNull(environment["Astraea__Storage__Postgres"]["valueFrom"]!["secretKeyRef"]);
            Assert.DoesNotContain((JsonArray)workload["spec"]!["template"]!["spec"]!["volumes"]!, v => v!["persistentVolumeClaim"] is { } claim && (string?)claim["claimName"] != "models");
        }
    }

    [RenderedFact]
    public void Gpus_are_asked_for_by_workers_alone_and_on_top_of_their_resources()
    {
        Rendered chart = ChartFiles.Render("production-gpu");
        JsonNode worker = Rendered.Container(chart.The("StatefulSet", "demo-astraea-worker"))["resources"]!;
        Assert.Equal(("1", "256Gi", "16"), ((string?)worker["limits"]!["nvidia.com/gpu"], (string?)worker["limits"]!["memory"], (string?)worker["requests"]!["cpu"]));
        Assert.DoesNotContain("nvidia", chart.The("Deployment", "demo-astraea-gateway").ToJsonString() + chart.The("StatefulSet", "demo-astraea-control").ToJsonString(), StringComparison.Ordinal);
        JsonNode pod = chart.The("StatefulSet", "demo-astraea-worker")["spec"]!["template"]!["spec"]!;
        Assert.Equal(("nvidia", "nvidia.com/gpu", "NVIDIA-H200"),
            ((string?)pod["runtimeClassName"], (string?)pod["tolerations"]![0]!["key"], (string?)pod["nodeSelector"]!["nvidia.com/gpu.product"]));
        Assert.DoesNotContain("nvidia", ChartFiles.Render("minimal-cluster").The("StatefulSet", "demo-astraea-worker").ToJsonString(), StringComparison.Ordinal);
    }

    [RenderedTheory]
    [InlineData("minimal-cluster", 11111, 30000, 9443), InlineData("production-gpu", 12111, 31000, 10443)]
    public void Ports_between_pods_are_open_to_our_pods_and_kv_to_workers_only(string set, long silo, long clients, long plane)
    {
        Rendered chart = ChartFiles.Render(set);
        // Port -> who may come in, over all policies: roles of ours, or what was written into the values.
        var open = (from policy in chart.Of("NetworkPolicy")
                    from workload in chart.Workloads
                    where ManifestRules.Matches(policy["spec"]!["podSelector"]!["matchLabels"], ManifestRules.PodLabels(workload))
                    from rule in policy["spec"]!["ingress"] as JsonArray ?? []
                    from port in (JsonArray)rule!["ports"]!
                    from peer in rule["from"] as JsonArray ?? [null]
                    select (Pod: (string)ManifestRules.PodLabels(workload)!["app.kubernetes.io/component"]!, Port: port!["port"]!.GetValue<long>(), From: Peer(peer))).ToHashSet();
        string[] roles = ["gateway", "control", "worker"];
        Assert.Equal(roles.Select(r => (r, "ours")).Order(), open.Where(o => o.Port == silo).Select(o => (o.Pod, o.From)).Order());
        string[] outside = set == "production-gpu" ? ["ours", "given"] : ["ours"];
        Assert.Equal(roles.SelectMany(r => outside.Select(o => (r, o))).Order(), open.Where(o => o.Port == clients).Select(o => (o.Pod, o.From)).Order());
        Assert.Equal([("worker", "our worker")], open.Where(o => o.Port == plane).Select(o => (o.Pod, o.From)));
        Assert.Equal([("gateway", set == "production-gpu" ? "given" : "anybody")], open.Where(o => o.Port == 8080).Select(o => (o.Pod, o.From)));
        Assert.Equal(2 + 2 + 3 * (1 + outside.Length) - 2, open.Count);
    }

    [RenderedFact]
    public void Without_policies_the_notes_say_what_is_missing()
    {
        JsonObject values = ChartFiles.Values("minimal-cluster");
        values["networkPolicy"]!["enabled"] = false;
        Rendered chart = ChartFiles.Render(values);
        Assert.Empty(chart.Of("NetworkPolicy"));
        Assert.Contains("Network policies are off", chart.Notes, StringComparison.Ordinal);
    }

    [RenderedTheory]
    [InlineData("{}", 60), InlineData("{terminationGraceSeconds: 35}", 35)]
    [InlineData("{cluster: {enabled: true, drainSeconds: 300}, postgres: {existingSecret: p}, apiKeys: {existingSecret: k}}", 330)]
    [InlineData("{cluster: {enabled: true, drainSeconds: 5}, terminationGraceSeconds: 10, postgres: {existingSecret: p}, apiKeys: {existingSecret: k}}", 10)]
    public void The_grace_is_longer_than_the_drain(string values, long grace) =>
        Assert.All(ChartFiles.Render(ChartFiles.Merged(values)).Workloads, w => Assert.Equal(grace, w["spec"]!["template"]!["spec"]!["terminationGracePeriodSeconds"]!.GetValue<long>()));

    [RenderedTheory]
    [InlineData("{cluster: {enabled: true}, apiKeys: {existingSecret: k}}", "postgres.existingSecret")]
    [InlineData("{cluster: {enabled: true}, postgres: {existingSecret: p}}", "apiKeys.keys")]
    [InlineData("{postgres: {existingSecret: p}}", "set cluster.enabled")]
    [InlineData("{terminationGraceSeconds: 34}", "terminationGraceSeconds is 34, but a process takes up to 30 s")]
    [InlineData("{cluster: {enabled: true, drainSeconds: 120}, terminationGraceSeconds: 120, postgres: {existingSecret: p}, apiKeys: {existingSecret: k}}", "up to 120 s")]
    [InlineData("{cluster: {enabled: true, siloPort: 30000}, postgres: {existingSecret: p}, apiKeys: {existingSecret: k}}", "must differ")]
    [InlineData("{cluster: {enabled: true, dataPlanePort: 8080}, postgres: {existingSecret: p}, apiKeys: {existingSecret: k}}", "must differ")]
    public void What_contradicts_itself_is_refused_with_the_reason(string values, string reason)
    {
        Rendered chart = ChartFiles.Render(ChartFiles.Merged(values));
        Assert.Contains(reason, chart.Error, StringComparison.Ordinal);
        Assert.Empty(chart.Files);
    }

    [RenderedFact]
    public void The_secret_and_authority_the_chart_makes_are_ones_the_silo_takes()
    {
        JsonObject data = (JsonObject)ChartFiles.Render("minimal-cluster").The("Secret", "demo-astraea-trust")["data"]!;
        Assert.Equal(ClusterSecret.Bytes, Convert.FromBase64String((string)data["cluster.secret"]!).Length);
        string pem = Encoding.ASCII.GetString([.. Convert.FromBase64String((string)data["tls.crt"]!), .. Convert.FromBase64String((string)data["tls.key"]!)]);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        ClusterAuthority authority = ClusterAuthority.Parse(pem, "the chart's", now);
        using X509Certificate2 leaf = authority.Issue("worker-0", now);
        Assert.Null(PeerTrust.Refusal(leaf, authority.Trusted, PeerTrust.ServerUse, now));
        Assert.Null(PeerTrust.Refusal(leaf, authority.Trusted, PeerTrust.ClientUse, now));
        Assert.NotNull(PeerTrust.Refusal(authority.Trusted[0], authority.Trusted, PeerTrust.ClientUse, now));
    }

    [RenderedFact]
    public void What_the_chart_made_once_is_kept_by_an_upgrade()
    {
        JsonObject made = ChartFiles.Render("minimal-cluster").The("Secret", "demo-astraea-trust");
        JsonObject values = ChartFiles.Values("minimal-cluster");
        Rendered upgraded = ChartFiles.Render(values, new JsonObject { ["v1/Secret/agents/demo-astraea-trust"] = made.DeepClone() });
        Assert.True(JsonNode.DeepEquals(made["data"], upgraded.The("Secret", "demo-astraea-trust")["data"]));
        Assert.False(JsonNode.DeepEquals(made["data"], ChartFiles.Render(values).The("Secret", "demo-astraea-trust")["data"]));
        Assert.Equal("keep", (string?)made["metadata"]!["annotations"]!["helm.sh/resource-policy"]);
        Assert.DoesNotContain(ChartFiles.Render("production-gpu").Of("Secret"), s => true);
    }

    [RenderedFact]
    public void Keys_reach_the_pods_that_ask_for_them_as_they_were_written()
    {
        Rendered chart = ChartFiles.Render("all-in-one");
        JsonNode keys = chart.The("Secret", "demo-astraea-keys")["stringData"]!;
        Assert.Equal("a key of team-b's own: {{ yes }}", (string?)keys["Astraea__Gateway__ApiKeys__1__Key"]);
        foreach (JsonObject workload in ChartFiles.Render("minimal-cluster").Workloads)
            Assert.Equal((string?)workload["kind"] == "Deployment", Rendered.Container(workload)["envFrom"] is not null);
    }

    [RenderedFact]
    public void The_image_runs_as_the_user_the_pod_runs_as()
    {
        string image = File.ReadAllText(Path.Combine(ChartFiles.Root, "deploy", "docker", "Dockerfile"));
        Assert.Contains("USER 1654", image, StringComparison.Ordinal);
        Assert.Contains("-p:Orleans=true", image, StringComparison.Ordinal);
        Assert.All(ChartFiles.Render("production-gpu").Workloads, w => Assert.Equal(1654, w["spec"]!["template"]!["spec"]!["securityContext"]!["runAsUser"]!.GetValue<long>()));
    }

    [RenderedTheory]
    [InlineData("component: control\n    spec:", "component: controls\n    spec:", "its selector does not match")]
    [InlineData("- name: trust", "- name: thrust", "mounts")]
    [InlineData("mountPath: /tmp", "mountPath: /tmp\n            - name: more\n              mountPath: /more", "mounts")]
    [InlineData("port: http }", "port: web }", "Probe asks")]
    [InlineData("value: \"11111\"", "value: 11111", "must have a text or a source")]
    [InlineData("runAsNonRoot: true", "runAsNonRoot: false", "not confined")]
    [InlineData("serviceName: demo-astraea-silos", "serviceName: demo-astraea-silo", "there is no service")]
    [InlineData("terminationGracePeriodSeconds: 60", "terminationGracePeriodSeconds: 30", "is killed after 30 s")]
    [InlineData("secretName: demo-astraea-trust", "secretName: demo-astraea-thrust", "there is no secret")]
    [InlineData("port: 9443", "port: 9444", "opens port 9444")]
    [InlineData("targetPort: silo", "targetPort: sillo", "has no port")]
    [InlineData("apiVersion: policy/v1", "apiVersion: policy/v1beta1", "apiVersion is")]
    [InlineData("replicas: 2", "replicas: \"2\"", "replicas is no number")]
    public void What_kubernetes_would_refuse_is_found(string good, string bad, string found)
    {
        Rendered chart = ChartFiles.Render("minimal-cluster");
        Assert.Contains(chart.Files.Values, text => text.Contains(good, StringComparison.Ordinal));
        Rendered damaged = new(chart.Values, chart.Files.ToDictionary(f => f.Key, f => Once(f.Value, good, bad)), null);
        Assert.Contains(ManifestRules.Problems(damaged, s_given), problem => problem.Contains(found, StringComparison.Ordinal));
    }

    private static string Once(string text, string old, string with) =>
        text.IndexOf(old, StringComparison.Ordinal) is >= 0 and var at ? text[..at] + with + text[(at + old.Length)..] : text;

    private static string Peer(JsonNode? peer)
    {
        JsonNode? match = peer?["podSelector"]?["matchLabels"];
        if (peer is null)
            return "anybody";
        if ((string?)match?["app.kubernetes.io/instance"] != "demo")
            return "given";
        return match["app.kubernetes.io/component"] is { } role ? $"our {role}" : "ours";
    }

    /// <summary>What a process would read; what Kubernetes fills in is made up.</summary>
    private static IConfiguration Configuration(JsonObject workload, Dictionary<string, string?>? instead = null)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{workload["metadata"]!["name"]}-{workload["spec"]!["replicas"]}");
        IEnumerable<KeyValuePair<string, string?>> settings = Rendered.Environment(workload).Select(e => new KeyValuePair<string, string?>(
            e.Key.Replace("__", ":", StringComparison.Ordinal),
            (string?)e.Value["value"] ?? (string?)e.Value["valueFrom"]!["fieldRef"]?["fieldPath"] switch
            {
                "status.podIP" => "10.1.2.3",
                "metadata.name" => name,
                null => "Host=db",
                var other => throw new InvalidDataException(other),
            }));
        return new ConfigurationBuilder().AddInMemoryCollection(settings).AddInMemoryCollection(instead ?? []).Build();
    }
}
