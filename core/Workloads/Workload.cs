using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Astraea.Core.Workloads;

/// <summary>One agent request of a workload: tokens and seconds only.</summary>
/// <param name="Id">Name of the session in its trace.</param>
/// <param name="Category">Kind of agent.</param>
/// <param name="Segments">Stretches of model work, in order; never empty.</param>
public sealed record WorkloadRequest(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("category")] string Category,
    [property: JsonPropertyName("segments")] ImmutableArray<WorkloadSegment> Segments);

/// <summary>One segment of a workload request.</summary>
/// <param name="New">Input tokens not seen before (tokens).</param>
/// <param name="Context">Total input tokens of the call (tokens).</param>
/// <param name="Output">Generated tokens (tokens).</param>
/// <param name="Tool">What is called afterwards, or null at the end.</param>
/// <param name="ToolSeconds">Seconds until the next segment may start; null when the trace does not say.</param>
public sealed record WorkloadSegment(
    [property: JsonPropertyName("new")] int New,
    [property: JsonPropertyName("ctx")] int Context,
    [property: JsonPropertyName("out")] int Output,
    [property: JsonPropertyName("tool")] string? Tool,
    [property: JsonPropertyName("dur")] double? ToolSeconds);
