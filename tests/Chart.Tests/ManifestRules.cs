using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Astraea.Chart.Tests;

/// <summary>What Kubernetes asks of objects, as far as it can be told from them alone. Each rule answers with the problems it found.</summary>
internal static partial class ManifestRules
{
    private static readonly Dictionary<string, string> s_versions = new()
    {
        ["Deployment"] = "apps/v1", ["StatefulSet"] = "apps/v1", ["Service"] = "v1", ["Secret"] = "v1", ["ServiceAccount"] = "v1",
        ["PodDisruptionBudget"] = "policy/v1", ["NetworkPolicy"] = "networking.k8s.io/v1",
    };

    /// <summary>Everything.</summary>
    /// <param name="rendered">The objects.</param>
    /// <param name="given">Names of secrets that are there already.</param>
    public static IEnumerable<string> Problems(Rendered rendered, IReadOnlyCollection<string> given) =>
    [
        .. rendered.Manifests.SelectMany(Object),
        .. rendered.Manifests.GroupBy(Title).Where(g => g.Count() > 1).Select(g => $"{g.Key} is there {g.Count()} times"),
        .. rendered.Workloads.SelectMany(w => Workload(rendered, w)),
        .. rendered.Workloads.SelectMany(w => PodRules.Problems(rendered, w, given)),
        .. rendered.Of("Service").SelectMany(s => Service(rendered, s)),
        .. rendered.Of("PodDisruptionBudget").SelectMany(p => Budget(rendered, p)),
        .. rendered.Of("NetworkPolicy").SelectMany(p => Policy(rendered, p)),
    ];

    public static string Title(JsonObject o) => $"{o["kind"]} {o["metadata"]?["name"]}";

    /// <summary>Whether labels satisfy a map of labels to match.</summary>
    public static bool Matches(JsonNode? match, JsonNode? labels) =>
        match is JsonObject { Count: > 0 } wanted && wanted.All(w => (string?)labels?[w.Key] == (string?)w.Value);

    public static JsonNode? PodLabels(JsonObject workload) => workload["spec"]?["template"]?["metadata"]?["labels"];

    private static IEnumerable<string> Object(JsonObject o)
    {
        string title = Title(o), kind = (string?)o["kind"] ?? "";
        if (!s_versions.TryGetValue(kind, out string? version))
            yield return $"{title}: nothing is known of this kind";
        else if ((string?)o["apiVersion"] != version)
            yield return $"{title}: apiVersion is {o["apiVersion"]}, not {version}";
        string name = (string?)o["metadata"]?["name"] ?? "";
        // A StatefulSet's name is part of a label of its pods, with eleven characters more.
        if (!Label().IsMatch(name) || name.Length > (kind == "StatefulSet" ? 52 : 63))
            yield return $"{title}: '{name}' is no name";
        foreach (JsonObject? map in (JsonObject?[])[o["metadata"]?["labels"] as JsonObject, PodLabels(o) as JsonObject])
        {
            foreach ((string key, JsonNode? value) in map ?? [])
            {
                if (value?.GetValueKind() != System.Text.Json.JsonValueKind.String || !LabelValue().IsMatch((string)value!))
                    yield return $"{title}: label {key} is {value?.ToJsonString()}, which is no label";
            }
        }
        if (kind == "Secret" && o["stringData"] is not JsonObject && o["data"] is not JsonObject)
            yield return $"{title} holds nothing";
    }

    private static IEnumerable<string> Workload(Rendered rendered, JsonObject workload)
    {
        string title = Title(workload);
        JsonNode? spec = workload["spec"];
        if (!Matches(spec?["selector"]?["matchLabels"], PodLabels(workload)))
            yield return $"{title}: its selector does not match its own pods";
        int selected = rendered.Workloads.Count(other => Matches(spec?["selector"]?["matchLabels"], PodLabels(other)));
        if (selected != 1)
            yield return $"{title}: its selector matches pods of {selected} workloads";
        if (spec?["replicas"]?.GetValueKind() != System.Text.Json.JsonValueKind.Number)
            yield return $"{title}: replicas is no number";
        if ((string?)workload["kind"] == "StatefulSet" && !rendered.Of("Service").Any(s => (string?)s["metadata"]!["name"] == (string?)spec?["serviceName"]))
            yield return $"{title}: there is no service {spec?["serviceName"]}";
    }

    private static IEnumerable<string> Service(Rendered rendered, JsonObject service)
    {
        string title = Title(service);
        JsonObject[] behind = [.. rendered.Workloads.Where(w => Matches(service["spec"]?["selector"], PodLabels(w)))];
        if (behind.Length == 0)
            yield return $"{title} leads to no pod";
        foreach (JsonNode? port in service["spec"]?["ports"] as JsonArray ?? [])
        {
            if (port?["port"]?.GetValue<long>() is not (>= 1 and <= 65535))
                yield return $"{title}: port {port?["port"]}";
            foreach (JsonObject workload in behind.Where(w => !PodRules.Ports(w).ContainsKey((string?)port?["targetPort"] ?? "")))
                yield return $"{title}: {Title(workload)} has no port {port?["targetPort"]}";
        }
    }

    private static IEnumerable<string> Budget(Rendered rendered, JsonObject budget)
    {
        int selected = rendered.Workloads.Count(w => Matches(budget["spec"]?["selector"]?["matchLabels"], PodLabels(w)));
        if (selected != 1)
            yield return $"{Title(budget)}: it is about {selected} workloads";
        if (budget["spec"]?["maxUnavailable"] is null == budget["spec"]?["minAvailable"] is null)
            yield return $"{Title(budget)}: it needs one of maxUnavailable and minAvailable";
    }

    private static IEnumerable<string> Policy(Rendered rendered, JsonObject policy)
    {
        string title = Title(policy);
        JsonNode? spec = policy["spec"];
        JsonObject[] guarded = [.. rendered.Workloads.Where(w => Matches(spec?["podSelector"]?["matchLabels"], PodLabels(w)))];
        if (guarded.Length == 0)
            yield return $"{title} guards no pod";
        string[] types = [.. (spec?["policyTypes"] as JsonArray ?? []).Select(t => (string)t!)];
        foreach (string side in (string[])["Ingress", "Egress"])
        {
            if (spec?[side.ToLowerInvariant()] is not null && !types.Contains(side))
                yield return $"{title} has rules for {side}, but not the type";
        }
        foreach (JsonNode? port in (spec?["ingress"] as JsonArray ?? []).SelectMany(r => r?["ports"] as JsonArray ?? []))
        {
            foreach (JsonObject workload in guarded.Where(w => !PodRules.Ports(w).ContainsValue((long?)port?["port"] ?? 0)))
                yield return $"{title} opens port {port?["port"]}, which {Title(workload)} does not have";
        }
    }

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
    private static partial Regex Label();

    [GeneratedRegex("^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$")]
    private static partial Regex LabelValue();
}
