using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Contracts.Text;

namespace Astraea.Gateway.Wire;

/// <summary>What the gateway keeps of an exchange in the history: enough to rebuild the conversation, and every wire event, from the history alone.</summary>
/// <param name="Version">Raised when the shape changes; older ones stay readable.</param>
/// <param name="Surface">Where it came in.</param>
/// <param name="Items">Items the exchange added; for the first exchange of a request, all items.</param>
/// <param name="Echo">Parameters a Responses object repeats; null on other surfaces.</param>
internal sealed record StoredExchange(int Version, Surface Surface, ImmutableArray<ChatItem> Items, ResponseEcho? Echo)
{
    public const int CurrentVersion = 1;

    public string ToJson() => JsonSerializer.Serialize(this, WireJson.Wire.StoredExchange);

    /// <exception cref="InvalidOperationException">The text was not written by a gateway of ours.</exception>
    public static StoredExchange Parse(string json)
    {
        StoredExchange? stored = null;
        try
        {
            stored = JsonSerializer.Deserialize(json, WireJson.Wire.StoredExchange);
        }
        catch (JsonException e)
        {
            throw new InvalidOperationException("A stored exchange cannot be read.", e);
        }
        return stored is { Version: CurrentVersion } ? stored : throw new InvalidOperationException($"A stored exchange has version {stored?.Version}.");
    }
}

/// <summary>Parameters of a Responses POST that its object repeats.</summary>
internal sealed record ResponseEcho(
    string? Instructions, string? PreviousResponseId, JsonElement Tools, JsonElement ToolChoice, bool ParallelToolCalls, double TopP,
    double PresencePenalty, double FrequencyPenalty, double Temperature, int? MaxOutputTokens, int? MaxToolCalls, bool Store, bool Background,
    ImmutableSortedDictionary<string, string> Metadata, string? SafetyIdentifier, string? PromptCacheKey,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)] JsonElement? Format = null);
