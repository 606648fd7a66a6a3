using System.Collections.Immutable;
using Astraea.Core.Workloads;

namespace Astraea.Cli.Demo.Plan;

/// <summary>One segment as it is replayed.</summary>
/// <param name="NewTokens">Input that the client adds: a prompt, or a tool's result (tokens).</param>
/// <param name="OutputTokens">Output to be sampled, exactly (tokens).</param>
/// <param name="Tool">Function it must call at its end; null in the last segment.</param>
/// <param name="ToolWait">How long that tool takes, scaled.</param>
internal sealed record PlannedSegment(int NewTokens, int OutputTokens, string? Tool, TimeSpan ToolWait);

/// <summary>One agent request as it is replayed.</summary>
/// <param name="Index">Its place in the plan, from 0; part of its idempotency keys and of its texts.</param>
/// <param name="Name">Its name in the workload.</param>
/// <param name="Category">Kind of agent.</param>
/// <param name="Arrival">When it starts, from the start of the replay.</param>
/// <param name="Segments">Its segments, in order.</param>
internal sealed record PlannedRequest(int Index, string Name, string Category, TimeSpan Arrival, ImmutableArray<PlannedSegment> Segments)
{
    /// <summary>The recorded tool time, scaled: what no scheduler can shorten.</summary>
    public TimeSpan ToolTime => TimeSpan.FromTicks(Segments.Sum(static s => s.ToolWait.Ticks));

    /// <summary>Names of the functions it declares, each once, in order of first use.</summary>
    public IEnumerable<string> Tools => Segments.Where(static s => s.Tool is not null).Select(static s => s.Tool!).Distinct(StringComparer.Ordinal);

    /// <summary>Prompt, tool results and outputs, without template (tokens).</summary>
    public int ContentTokens => Segments.Sum(static s => s.NewTokens + s.OutputTokens);
}

/// <summary>Requests with their arrivals. A function of the workload and the seed; every policy gets the same.</summary>
/// <param name="Seed">Seed of texts, sampling and arrivals.</param>
/// <param name="Requests">In order of arrival.</param>
internal sealed record ReplayPlan(ulong Seed, ImmutableArray<PlannedRequest> Requests)
{
    /// <summary>All requests at time 0.</summary>
    /// <param name="workload">Requests; tool times must be known.</param>
    /// <param name="seed">Seed of the replay.</param>
    /// <param name="timeScale">Tool times are multiplied by this.</param>
    public static ReplayPlan AtOnce(ImmutableArray<WorkloadRequest> workload, ulong seed, double timeScale) =>
        new(seed, [.. workload.Select((request, index) => new PlannedRequest(
            index, request.Id, request.Category, TimeSpan.Zero, [.. request.Segments.Select(s => Plan(s, timeScale))]))]);

    /// <summary>The same requests by a Poisson process, stretched so that the last one comes at n/λ: the offered rate is λ in every sample.</summary>
    public ReplayPlan Arriving(double perSecond)
    {
        ImmutableArray<TimeSpan> drawn = Arrivals.Poisson(Seed, Requests.Length, perSecond);
        double stretch = Requests.Length / perSecond / drawn[^1].TotalSeconds;
        return this with { Requests = [.. Requests.Select((r, i) => r with { Arrival = drawn[i] * stretch })] };
    }

    /// <summary>The same requests with tools that answer at once.</summary>
    public ReplayPlan WithoutToolWaits() =>
        this with { Requests = [.. Requests.Select(static r => r with { Segments = [.. r.Segments.Select(static s => s with { ToolWait = TimeSpan.Zero })] })] };

    private static PlannedSegment Plan(WorkloadSegment segment, double timeScale) => segment.Tool is null
        ? new PlannedSegment(segment.New, segment.Output, null, TimeSpan.Zero)
        : new PlannedSegment(segment.New, segment.Output, FunctionName(segment.Tool), TimeSpan.FromSeconds((segment.ToolSeconds ?? 0) * timeScale));

    /// <summary>A tool's name in a trace as a function name on the wire: letters, digits, dashes and underscores, at most 64.</summary>
    private static string FunctionName(string tool)
    {
        string name = string.Concat(tool.Take(64).Select(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '_'));
        return name.Length == 0 ? "tool" : name;
    }
}
