using System.Text.Json.Serialization;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;

namespace Astraea.Gateway.Wire;

/// <summary>An agent request with its history and receipt.</summary>
internal sealed record NativeRequest(
    RequestId Id, RequestPhase Phase, TenantId Tenant, string Category, int Segment, RequestId? Parent, RequestId Session, Receipt Receipt,
    IReadOnlyList<NativeEvent> Events);

/// <summary>One event of a history, without texts and token ids.</summary>
/// <param name="Version">Place in the history, from 1.</param>
/// <param name="Type">What happened.</param>
/// <param name="At">When, UTC.</param>
internal sealed record NativeEvent(long Version, string Type, DateTimeOffset At)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int? Exchange { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int? Segment { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int? Attempt { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public WorkerId? Worker { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int? Level { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? WhyRanked { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int? PromptTokens { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int? KeptTokens { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int? AppendedTokens { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int? Offset { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public int? Tokens { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public FinishReason? Finish { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<string>? Calls { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public SegmentUsage? Usage { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public KvPlace? Kv { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Code { get; init; }
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Reason { get; init; }
}

/// <summary>Where a request stands after it was asked to end.</summary>
internal sealed record NativeCancelled(RequestId Id, RequestPhase Phase);

/// <summary>What a health probe hears.</summary>
internal sealed record HealthStatus(string Status, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason = null);
