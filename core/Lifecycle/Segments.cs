using System.Collections.Immutable;

namespace Astraea.Core.Lifecycle;

/// <summary>Where an agent request stands.</summary>
public enum RequestPhase
{
    /// <summary>No event yet.</summary>
    New,

    /// <summary>A segment waits for a worker.</summary>
    Ready,

    /// <summary>A worker runs the segment.</summary>
    Running,

    /// <summary>A tool works; its results are awaited.</summary>
    ToolWait,

    /// <summary>Ended with a final answer.</summary>
    Completed,

    /// <summary>Ended with an error.</summary>
    Failed,

    /// <summary>Ended by its client or for lack of one.</summary>
    Cancelled,
}

/// <summary>How the next tokens are drawn. Defaults are greedy.</summary>
/// <param name="Temperature">0 is greedy; at most 2.</param>
/// <param name="TopP">Nucleus mass in (0, 1].</param>
/// <param name="TopK">Candidates kept; 0 keeps all.</param>
/// <param name="Seed">Key of the counter-based generator; chosen at accept when the client gave none.</param>
/// <param name="FrequencyPenalty">−2 to 2, OpenAI's meaning.</param>
/// <param name="PresencePenalty">−2 to 2, OpenAI's meaning.</param>
public sealed record Sampling(
    double Temperature = 0, double TopP = 1, int TopK = 0, ulong Seed = 0, double FrequencyPenalty = 0, double PresencePenalty = 0);

/// <summary>Which tool a segment must or may call.</summary>
public enum ToolMode
{
    /// <summary>Plain text only.</summary>
    None,

    /// <summary>The model chooses between text and calls.</summary>
    Auto,

    /// <summary>Some declared tool must be called.</summary>
    Required,

    /// <summary>The tool named in <see cref="SegmentSpec.ToolName"/> must be called.</summary>
    Named,
}

/// <summary>What one exchange asks of its segment.</summary>
/// <param name="MaxOutputTokens">Sampled tokens at most (tokens); tokens fed by a forced call head are not sampled and not counted.</param>
/// <param name="MinOutputTokens">Sampled tokens at least (tokens): ends are masked before.</param>
/// <param name="IgnoreEos">Whether the end token is treated like any other.</param>
/// <param name="Sampling">How tokens are drawn.</param>
/// <param name="Stop">Texts that end the output, not themselves part of it.</param>
/// <param name="ToolMode">Whether tools are called.</param>
/// <param name="ToolName">The tool, when <see cref="ToolMode.Named"/>.</param>
/// <param name="ToolsJson">Declared tools, a JSON array in OpenAI's chat shape, or null. Opaque to core.</param>
/// <param name="Foreground">Whether a client waits on the line: if nobody reads for long, the request is cancelled.</param>
/// <param name="FormatJson">The form output must have, a JSON object with a <c>schema</c>, the <c>place</c> it came from and whether it is <c>strict</c>, or empty for any object; or null. Opaque to core.</param>
public sealed record SegmentSpec(
    int MaxOutputTokens,
    int MinOutputTokens,
    bool IgnoreEos,
    Sampling Sampling,
    ImmutableArray<string> Stop,
    ToolMode ToolMode,
    string? ToolName,
    string? ToolsJson,
    bool Foreground,
    string? FormatJson = null)
{
    /// <summary>Texts that end the output, never default.</summary>
    public ImmutableArray<string> Stop { get; init; } = Stop.IsDefault ? [] : Stop;
}

/// <summary>One POST of a client to one agent request.</summary>
/// <param name="Ordinal">Counts the exchanges of the request, from 0.</param>
/// <param name="IdempotencyKey">The client's key, or null.</param>
/// <param name="BodyHash">Stable hash of the body; the same key with another body is refused.</param>
public sealed record Exchange(int Ordinal, string? IdempotencyKey, string BodyHash);

/// <summary>Why a segment ended.</summary>
public enum FinishReason
{
    /// <summary>The model ended its answer, or a stop text was met.</summary>
    Stop,

    /// <summary>The output limit was reached.</summary>
    Length,

    /// <summary>The model called tools.</summary>
    ToolCalls,
}

/// <summary>A call the model made.</summary>
/// <param name="Id"><c>call_</c> + request id + ordinal: identifies the loop when the client echoes it.</param>
/// <param name="Name">Function name.</param>
/// <param name="Arguments">Arguments as JSON text.</param>
public sealed record ToolCall(string Id, string Name, string Arguments);

/// <summary>A call as a worker read it from the output, before the request gives it an id.</summary>
public sealed record ParsedCall(string Name, string Arguments);

/// <summary>What a segment cost, as its worker measured it.</summary>
/// <param name="PromptTokens">Input tokens of the segment, cached or not (tokens).</param>
/// <param name="CachedTokens">Of these, found on the device or the host tier (tokens).</param>
/// <param name="RecomputedTokens">Tokens whose KV had been computed before and was computed again (tokens).</param>
/// <param name="SampledTokens">Output tokens drawn from logits, in all attempts of the segment (tokens).</param>
/// <param name="FedTokens">Output tokens fed without sampling, in all attempts: forced call heads and tails (tokens).</param>
/// <param name="SwappedOutBytes">Bytes copied to the host tier (By).</param>
/// <param name="SwappedInBytes">Bytes copied back (By).</param>
/// <param name="MigratedBytes">Bytes received from another worker for this segment (By).</param>
/// <param name="DeviceSeconds">This sequence's share of the steps it took part in (s).</param>
/// <param name="Preemptions">Times it was set aside under memory pressure.</param>
public sealed record SegmentUsage(
    int PromptTokens,
    int CachedTokens,
    int RecomputedTokens,
    int SampledTokens,
    int FedTokens,
    long SwappedOutBytes,
    long SwappedInBytes,
    long MigratedBytes,
    double DeviceSeconds,
    int Preemptions)
{
    /// <summary>Nothing used.</summary>
    public static SegmentUsage Zero { get; } = new(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
