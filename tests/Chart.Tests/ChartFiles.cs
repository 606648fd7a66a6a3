using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Astraea.Chart.Tests;

/// <summary>The chart in this repository, and its renderings.</summary>
internal static class ChartFiles
{
    private static readonly ConcurrentDictionary<string, Rendered> s_rendered = new();

    /// <summary>Sets of values every rule is checked against, by file name; "defaults" is the chart's own.</summary>
    public static IReadOnlyList<string> Sets { get; } = ["defaults", "all-in-one", "minimal-cluster", "production-gpu"];

    /// <summary>The folder with Astraea.sln.</summary>
    public static string Root { get; } = FindRoot();

    public static string Folder { get; } = Path.Combine(Root, "deploy", "helm", "astraea");

    public static JsonElement Schema => JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "values.schema.json"))).RootElement;

    /// <summary>Template texts by file name.</summary>
    public static IReadOnlyDictionary<string, string> Templates { get; } =
        Directory.GetFiles(Path.Combine(Folder, "templates")).ToDictionary(path => Path.GetFileName(path)!, File.ReadAllText);

    /// <summary>The chart's values under those of a set.</summary>
    public static JsonObject Values(string set) => Merged(set == "defaults" ? "{}" : File.ReadAllText(Path.Combine(Root, "tests", "Chart.Tests", "values", set + ".yaml")));

    /// <summary>The chart's values under others: objects are merged, all else is replaced, as Helm does.</summary>
    public static JsonObject Merged(string overrides)
    {
        JsonObject values = YamlText.Single(File.ReadAllText(Path.Combine(Folder, "values.yaml")));
        Merge(values, YamlText.Single(overrides));
        return values;
    }

    /// <summary>Renders a set, once.</summary>
    public static Rendered Render(string set) => s_rendered.GetOrAdd(set, s => Render(Values(s)));

    /// <summary>Renders values into a release called "demo" in the namespace "agents".</summary>
    /// <param name="values">All of them.</param>
    /// <param name="installed">What the cluster has, by "version/kind/namespace/name".</param>
    public static Rendered Render(JsonObject values, JsonObject? installed = null)
    {
        JsonObject chart = YamlText.Single(File.ReadAllText(Path.Combine(Folder, "Chart.yaml")));
        JsonObject input = new()
        {
            ["values"] = values.DeepClone(),
            ["release"] = new JsonObject { ["Name"] = "demo", ["Namespace"] = "agents", ["Service"] = "Helm", ["Revision"] = 1, ["IsInstall"] = true, ["IsUpgrade"] = false },
            ["chart"] = new JsonObject(chart.Select(p => KeyValuePair.Create(char.ToUpperInvariant(p.Key[0]) + p.Key[1..], p.Value?.DeepClone()))),
            ["capabilities"] = new JsonObject { ["KubeVersion"] = new JsonObject { ["Version"] = "v1.31.0", ["Major"] = "1", ["Minor"] = "31" } },
            ["templates"] = new JsonObject(Templates.Select(t => KeyValuePair.Create("astraea/templates/" + t.Key, (JsonNode?)t.Value))),
            ["installed"] = installed?.DeepClone() ?? new JsonObject(),
        };
        (IReadOnlyDictionary<string, string> files, string? error) = GoTemplates.Render(input);
        return new Rendered(values, files, error);
    }

    private static void Merge(JsonObject target, JsonObject source)
    {
        foreach ((string key, JsonNode? value) in source)
        {
            if (value is JsonObject inner && target[key] is JsonObject there)
                Merge(there, inner);
            else
                target[key] = value?.DeepClone();
        }
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Astraea.sln")))
                return folder.FullName;
        }
        throw new InvalidOperationException($"No Astraea.sln above {AppContext.BaseDirectory}.");
    }
}

/// <summary>What came out of the templates.</summary>
/// <param name="Values">Rendered with these.</param>
/// <param name="Files">Texts by template.</param>
/// <param name="Error">Why nothing came out.</param>
internal sealed record Rendered(JsonObject Values, IReadOnlyDictionary<string, string> Files, string? Error)
{
    private IReadOnlyList<JsonObject>? _manifests;

    /// <summary>All objects.</summary>
    public IReadOnlyList<JsonObject> Manifests => _manifests ??= Error is null
        ? [.. Files.Where(f => f.Key.EndsWith(".yaml", StringComparison.Ordinal)).SelectMany(f => YamlText.Documents(f.Value)).Cast<JsonObject>()]
        : throw new InvalidOperationException(Error);

    public string Notes => Files.Single(f => f.Key.EndsWith("NOTES.txt", StringComparison.Ordinal)).Value;

    /// <summary>Objects of a kind.</summary>
    public IEnumerable<JsonObject> Of(string kind) => Manifests.Where(m => (string?)m["kind"] == kind);

    /// <summary>The object of a kind and name.</summary>
    public JsonObject The(string kind, string name) => Of(kind).Single(m => (string?)m["metadata"]!["name"] == name);

    /// <summary>Deployments and StatefulSets.</summary>
    public IEnumerable<JsonObject> Workloads => Of("Deployment").Concat(Of("StatefulSet"));

    /// <summary>The only container of a workload.</summary>
    public static JsonObject Container(JsonObject workload) => (JsonObject)((JsonArray)workload["spec"]!["template"]!["spec"]!["containers"]!).Single()!;

    /// <summary>Environment entries of a workload, by name.</summary>
    public static IReadOnlyDictionary<string, JsonObject> Environment(JsonObject workload) =>
        ((JsonArray)Container(workload)["env"]!).Cast<JsonObject>().ToDictionary(e => (string)e["name"]!);
}
