using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Astraea.Chart.Tests;

/// <summary>What a pod of ours must be like: complete, confined, probed, and given the time it needs to stop.</summary>
internal static partial class PodRules
{
    public static IEnumerable<string> Problems(Rendered rendered, JsonObject workload, IReadOnlyCollection<string> given)
    {
        JsonObject pod = (JsonObject)workload["spec"]!["template"]!["spec"]!;
        HashSet<string> secrets = [.. given, .. rendered.Of("Secret").Select(s => (string)s["metadata"]!["name"]!)];
        IEnumerable<string> problems =
        [
            .. Whole(rendered, pod),
            .. (pod["containers"] as JsonArray ?? []).Cast<JsonObject>().SelectMany(c => Container(workload, pod, c)),
            .. Secrets(pod).Where(name => !secrets.Contains(name)).Select(name => $"there is no secret {name}"),
        ];
        return problems.Select(problem => $"{ManifestRules.Title(workload)}: {problem}");
    }

    /// <summary>Ports of a workload's container, by name.</summary>
    public static Dictionary<string, long> Ports(JsonObject workload) =>
        ((JsonArray)Rendered.Container(workload)["ports"]!).ToDictionary(p => (string)p!["name"]!, p => p!["containerPort"]!.GetValue<long>());

    private static IEnumerable<string> Whole(Rendered rendered, JsonObject pod)
    {
        if (!rendered.Of("ServiceAccount").Any(a => (string?)a["metadata"]!["name"] == (string?)pod["serviceAccountName"] && !(bool)a["automountServiceAccountToken"]!))
            yield return $"there is no service account {pod["serviceAccountName"]} without a token";
        if ((bool?)pod["automountServiceAccountToken"] != false)
            yield return "it mounts a token";
        JsonNode? security = pod["securityContext"];
        if ((bool?)security?["runAsNonRoot"] != true || (long?)security?["runAsUser"] is null or 0 || (string?)security?["seccompProfile"]?["type"] != "RuntimeDefault")
            yield return $"it is not confined: {security?.ToJsonString()}";
        if ((pod["containers"] as JsonArray)?.Count is not 1)
            yield return "it should have one container";
    }

    private static IEnumerable<string> Container(JsonObject workload, JsonObject pod, JsonObject container)
    {
        JsonNode? security = container["securityContext"];
        bool confined = (bool?)security?["allowPrivilegeEscalation"] == false && (bool?)security?["readOnlyRootFilesystem"] == true
            && (security?["capabilities"]?["drop"] as JsonArray)?.Any(c => (string?)c == "ALL") == true;
        if (!confined)
            yield return $"its container is not confined: {security?.ToJsonString()}";
        if (!Image().IsMatch((string?)container["image"] ?? ""))
            yield return $"'{container["image"]}' is no image with a tag";
        HashSet<string> ports = [.. (container["ports"] as JsonArray ?? []).Select(p => (string)p!["name"]!)];
        if (ports.Count != (container["ports"] as JsonArray)?.Count || ports.Any(name => name.Length > 15))
            yield return "its ports have equal or overlong names";
        foreach ((string probe, string path) in ((string, string)[])[("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")])
        {
            JsonNode? get = container[probe]?["httpGet"];
            if ((string?)get?["path"] != path || !ports.Contains((string?)get?["port"] ?? ""))
                yield return $"{probe} asks {get?.ToJsonString() ?? "nothing"}";
        }
        foreach (string problem in Environment(container).Concat(Volumes(workload, pod, container)).Concat(Quantities(container)).Concat(Grace(pod, container)))
            yield return problem;
    }

    private static IEnumerable<string> Environment(JsonObject container)
    {
        JsonObject[] entries = [.. (container["env"] as JsonArray ?? []).Cast<JsonObject>()];
        foreach (IGrouping<string?, JsonObject> same in entries.GroupBy(e => (string?)e["name"]).Where(g => g.Count() > 1))
            yield return $"{same.Key} is set {same.Count()} times";
        foreach (JsonObject entry in entries)
        {
            bool text = entry["value"]?.GetValueKind() == JsonValueKind.String;
            bool source = entry["valueFrom"] is JsonObject { Count: 1 };
            if (text == source)
                yield return $"{entry["name"]} must have a text or a source: {entry.ToJsonString()}";
        }
    }

    private static IEnumerable<string> Volumes(JsonObject workload, JsonObject pod, JsonObject container)
    {
        string[] volumes =
        [
            .. (pod["volumes"] as JsonArray ?? []).Select(v => (string)v!["name"]!),
            .. (workload["spec"]!["volumeClaimTemplates"] as JsonArray ?? []).Select(v => (string)v!["metadata"]!["name"]!),
        ];
        string[] mounted = [.. (container["volumeMounts"] as JsonArray ?? []).Select(m => (string)m!["name"]!)];
        if (!volumes.Order(StringComparer.Ordinal).SequenceEqual(mounted.Order(StringComparer.Ordinal)))
            yield return $"it has the volumes {string.Join(", ", volumes)} and mounts {string.Join(", ", mounted)}";
        foreach (JsonNode? claim in workload["spec"]!["volumeClaimTemplates"] as JsonArray ?? [])
        {
            if (claim?["spec"]?["accessModes"] is not JsonArray { Count: > 0 } || !Quantity().IsMatch((string?)claim["spec"]?["resources"]?["requests"]?["storage"] ?? ""))
                yield return $"its claim {claim?["metadata"]?["name"]} is incomplete";
        }
    }

    private static IEnumerable<string> Quantities(JsonObject container) =>
        from side in container["resources"] as JsonObject ?? []
        from quantity in side.Value as JsonObject ?? []
        where quantity.Value?.GetValueKind() != JsonValueKind.String || !Quantity().IsMatch((string)quantity.Value!)
        select $"{side.Key} of {quantity.Key} are {quantity.Value?.ToJsonString()}, which is no quantity";

    /// <summary>Killed in the middle of its drain, a process loses what it was about to hand over.</summary>
    private static IEnumerable<string> Grace(JsonObject pod, JsonObject container)
    {
        string? drain = (container["env"] as JsonArray ?? []).Where(e => (string?)e!["name"] == "Astraea__Cluster__DrainSeconds").Select(e => (string?)e!["value"]).SingleOrDefault();
        long needed = drain is null ? 30 : long.Parse(drain, System.Globalization.CultureInfo.InvariantCulture);
        if ((long?)pod["terminationGracePeriodSeconds"] is not { } grace || grace <= needed)
            yield return $"it is killed after {pod["terminationGracePeriodSeconds"]} s and takes up to {needed} s to stop";
    }

    private static IEnumerable<string> Secrets(JsonObject pod)
    {
        foreach (JsonNode? container in pod["containers"] as JsonArray ?? [])
        {
            foreach (JsonNode? from in container!["envFrom"] as JsonArray ?? [])
                yield return (string)from!["secretRef"]!["name"]!;
            foreach (JsonNode? key in (container["env"] as JsonArray ?? []).Select(e => e!["valueFrom"]?["secretKeyRef"]).Where(k => k is not null))
                yield return (string)key!["name"]!;
        }
        foreach (JsonNode? secret in (pod["volumes"] as JsonArray ?? []).Select(v => v!["secret"]).Where(s => s is not null))
            yield return (string)secret!["secretName"]!;
    }

    [GeneratedRegex(@"^[a-z0-9][\w./:-]*:[\w.-]+$")]
    private static partial Regex Image();

    [GeneratedRegex("^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$")]
    private static partial Regex Quantity();
}
