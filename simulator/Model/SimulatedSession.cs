using System.Collections.Immutable;

namespace Astraea.Simulator.Model;

/// <summary>A session of one user: jobs one after the other, sharing KV.</summary>
/// <param name="Id">Name in its trace, and which copy of it.</param>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Category">Kind of agent.</param>
/// <param name="ArrivalSeconds">When the first job arrives (virtual s).</param>
/// <param name="SharedPrefix">Name of a prefix that equal sessions share, or null.</param>
/// <param name="SharedTokens">Its length (tokens); part of the first segment's new tokens.</param>
/// <param name="Jobs">In order; never empty.</param>
public sealed record SimulatedSession(
    string Id, string Tenant, string Category, double ArrivalSeconds, string? SharedPrefix, int SharedTokens, ImmutableArray<SimulatedJob> Jobs);

/// <summary>A job: from a human message to the next hand-back (SCHEDULING.md §6). One agent request.</summary>
/// <param name="PauseSeconds">Between the previous job's end and this one's arrival: a human thinks (s). 0 for the first.</param>
/// <param name="Segments">In order; never empty.</param>
public sealed record SimulatedJob(double PauseSeconds, ImmutableArray<SimulatedSegment> Segments)
{
    /// <summary>Time its tools take (s); the same under every policy.</summary>
    public double ToolSeconds => Segments.Sum(static s => s.ToolSeconds);
}

/// <summary>A stretch of model work and the tool after it.</summary>
/// <param name="Kept">Leading tokens of the context so far that stay in it; less than all of it is compaction (tokens). 0 at the start of a session.</param>
/// <param name="New">Input tokens behind them (tokens).</param>
/// <param name="Output">Generated tokens, at least 1 (tokens).</param>
/// <param name="Tool">What is called afterwards, or null at the end of the job.</param>
/// <param name="ToolSeconds">How long it takes (s); 0 at the end of the job.</param>
public readonly record struct SimulatedSegment(int Kept, int New, int Output, string? Tool, double ToolSeconds);
