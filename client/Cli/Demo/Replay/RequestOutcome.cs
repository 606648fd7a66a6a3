using System.Collections.Immutable;
using Astraea.Cli.Demo.Plan;
using Astraea.Core.Lifecycle;

namespace Astraea.Cli.Demo.Replay;

/// <summary>One segment as it went.</summary>
/// <param name="PromptTokens">Input of the call, template included (tokens).</param>
/// <param name="OutputTokens">Sampled output (tokens).</param>
/// <param name="Start">When it was posted, from the start of the replay (s).</param>
/// <param name="End">When its answer was there (s).</param>
internal sealed record PlayedSegment(int PromptTokens, int OutputTokens, double Start, double End);

/// <summary>One agent request as it went.</summary>
/// <param name="Planned">What was asked.</param>
/// <param name="AgentRequest">Its id at the node; null when the first call failed.</param>
/// <param name="Segments">Segments that ended.</param>
/// <param name="OutputHash">Digest of every argument and text it produced, in order, hex.</param>
/// <param name="Error">Why it did not complete, or null.</param>
/// <param name="Receipt">What it cost at the node; null when it was not read.</param>
internal sealed record RequestOutcome(
    PlannedRequest Planned, string? AgentRequest, ImmutableArray<PlayedSegment> Segments, string OutputHash, string? Error, Receipt? Receipt = null)
{
    /// <summary>Whether every segment came through.</summary>
    public bool IsCompleted => Error is null;

    /// <summary>When it ended, from the start of the replay (s).</summary>
    public double End => Segments[^1].End;

    /// <summary>From its arrival, as planned, to the final answer (s): a client that is late counts against the node.</summary>
    public double JctSeconds => End - Planned.Arrival.TotalSeconds;

    /// <summary>JCT minus the recorded tool time (s).</summary>
    public double SchedulableSeconds => JctSeconds - Planned.ToolTime.TotalSeconds;

    /// <summary>Input tokens of each segment that had no KV when KV is kept: what is new, with its template (tokens).</summary>
    public IEnumerable<int> NewPromptTokens => Segments.Select(
        (s, i) => i == 0 ? s.PromptTokens : s.PromptTokens - Segments[i - 1].PromptTokens - Segments[i - 1].OutputTokens);

    /// <summary>What each segment needed and took.</summary>
    public IEnumerable<CostSample> Costs() => NewPromptTokens.Zip(Segments, static (added, s) => new CostSample(added, s.OutputTokens, s.End - s.Start));

    /// <summary>Time alone on an idle worker with KV kept (s).</summary>
    public double IsolatedSeconds(CostModel costs) => NewPromptTokens.Zip(Segments, (added, s) => costs.SecondsOf(added, s.OutputTokens)).Sum();

    /// <summary>Template tokens in its last context, call heads and tails included (tokens).</summary>
    public int TemplateTokens => Segments[^1].PromptTokens + Segments[^1].OutputTokens - Planned.ContentTokens;

    /// <summary>Whether the output of every segment has exactly the tokens asked for.</summary>
    public bool IsExact => Segments.Length == Planned.Segments.Length && Segments.Zip(Planned.Segments, static (s, p) => s.OutputTokens == p.OutputTokens).All(static e => e);
}
