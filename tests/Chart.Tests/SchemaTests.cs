using System.Text.Json;
using System.Text.Json.Nodes;

namespace Astraea.Chart.Tests;

/// <summary>The schema lets good values through and no others. Needs no template engine.</summary>
public sealed class SchemaTests
{
    public static TheoryData<string> Sets => [.. ChartFiles.Sets];

    [Theory]
    [MemberData(nameof(Sets))]
    public void The_schema_accepts_every_set_of_values(string set) => Guard.Clean(Problems(ChartFiles.Values(set)));

    [Theory]
    [InlineData("{clusters: {}}", "values.clusters is not known")]
    [InlineData("{cluster: {enabled: \"true\"}}", "not of type boolean")]
    [InlineData("{cluster: {drainSeconds: 0}}", "less than 1")]
    [InlineData("{cluster: {probeSeconds: 0.1}}", "less than 0.5")]
    [InlineData("{cluster: {id: \"a b\"}}", "does not match")]
    [InlineData("{cluster: {siloPort: 80}}", "less than 1024")]
    [InlineData("{worker: {gpu: -1}}", "less than 0")]
    [InlineData("{worker: {slots: 1.5}}", "not of type integer")]
    [InlineData("{worker: null}", "not of type object")]
    [InlineData("{scheduler: {policy: lottery}}", "is none of")]
    [InlineData("{apiKeys: {keys: [{tenant: a, key: short}]}}", "shorter than 16")]
    [InlineData("{apiKeys: {keys: [{key: sixteen-characters}]}}", "lacks tenant")]
    [InlineData("{node: {persistence: {size: 10GB}}}", "does not match")]
    [InlineData("{networkPolicy: {http: everybody}}", "not of type array")]
    public void The_schema_refuses_what_cannot_work(string overrides, string reason) =>
        Assert.Contains(reason, Assert.Single(Problems(ChartFiles.Merged(overrides))), StringComparison.Ordinal);

    [Fact]
    public void The_schema_describes_every_value_and_no_other() => Guard.Clean(Unlike(ChartFiles.Values("defaults"), ChartFiles.Schema, "values"));

    [Fact]
    public void A_schema_unlike_the_values_is_found()
    {
        JsonElement schema = JsonDocument.Parse("""{ "additionalProperties": false, "properties": { "a": {}, "b": { "properties": { "c": {} } } } }""").RootElement;
        Assert.Equal(
            ["values.a: no value", "values.b.c: no value", "values.b.e: no schema", "values.b: open to anything", "values.d: no schema"],
            Unlike(YamlText.Single("{d: 1, b: {e: 1}}"), schema, "values").Order(StringComparer.Ordinal));
    }

    private static string[] Problems(JsonObject values) => [.. ValuesSchema.Problems(ChartFiles.Schema, JsonSerializer.SerializeToElement(values))];

    /// <summary>Objects with stated properties are closed and have just those; others are Kubernetes' own shapes.</summary>
    private static IEnumerable<string> Unlike(JsonObject values, JsonElement schema, string path)
    {
        if (!schema.TryGetProperty("properties", out JsonElement properties))
            yield break;
        if (!schema.TryGetProperty("additionalProperties", out JsonElement more) || more.ValueKind != JsonValueKind.False)
            yield return $"{path}: open to anything";
        foreach ((string name, JsonNode? value) in values)
        {
            if (!properties.TryGetProperty(name, out JsonElement property))
                yield return $"{path}.{name}: no schema";
            else
            {
                foreach (string problem in value is JsonObject inner ? Unlike(inner, property, $"{path}.{name}") : [])
                    yield return problem;
            }
        }
        foreach (JsonProperty property in properties.EnumerateObject().Where(p => !values.ContainsKey(p.Name) && (path, p.Name) != ("values", "global")))
            yield return $"{path}.{property.Name}: no value";
    }
}
