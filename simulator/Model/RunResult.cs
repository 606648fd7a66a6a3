using System.Collections.Immutable;

namespace Astraea.Simulator.Model;

/// <summary>What came of a run.</summary>
/// <param name="Jobs">Measured jobs that ended, by session and job.</param>
/// <param name="Unfinished">Measured jobs that had not ended when the run stopped.</param>
/// <param name="Totals">Sums over the whole run.</param>
/// <param name="Samples">Tiers and backlog over time, when asked for.</param>
public sealed record RunResult(ImmutableArray<JobOutcome> Jobs, int Unfinished, RunTotals Totals, ImmutableArray<TierSample> Samples);

/// <summary>A job that ended.</summary>
/// <param name="Session">Index of its session in the scenario.</param>
/// <param name="Job">Ordinal in it.</param>
/// <param name="ArrivalSeconds">When it arrived (virtual s).</param>
/// <param name="EndSeconds">When its last token was there (virtual s).</param>
/// <param name="ToolSeconds">Its tools' time (s).</param>
/// <param name="IsolatedSeconds">Its compute alone on an idle worker with KV kept (s).</param>
/// <param name="WaitedSeconds">Ready but not running (s).</param>
/// <param name="LongestWaitSeconds">Longest open wait of one of its segments (s).</param>
/// <param name="LongestWaitIsolatedSeconds">Isolated service of that segment (s).</param>
/// <param name="OutputTokens">Generated (tokens).</param>
/// <param name="RecomputedTokens">Computed again (tokens).</param>
public readonly record struct JobOutcome(
    int Session, int Job, double ArrivalSeconds, double EndSeconds, double ToolSeconds, double IsolatedSeconds, double WaitedSeconds,
    double LongestWaitSeconds, double LongestWaitIsolatedSeconds, int OutputTokens, long RecomputedTokens)
{
    /// <summary>Job completion time (s).</summary>
    public double JctSeconds => EndSeconds - ArrivalSeconds;

    /// <summary>Without the tools' time (s).</summary>
    public double SchedulableSeconds => JctSeconds - ToolSeconds;

    /// <summary>Schedulable time over compute alone.</summary>
    public double Slowdown => SchedulableSeconds / IsolatedSeconds;
}

/// <summary>Sums of a run, over all its jobs, measured or not.</summary>
/// <param name="EndSeconds">Virtual time at the end (s).</param>
/// <param name="Segments">Segments that ended.</param>
/// <param name="Steps">Engine steps, jumps counted as the steps they stand for.</param>
/// <param name="StalledSeconds">Device time lost waiting for copies (s).</param>
/// <param name="BusySeconds">Device time with rows to compute, all workers together (s).</param>
/// <param name="PrefillTokens">Input rows computed (tokens).</param>
/// <param name="OutputTokens">Generated (tokens).</param>
/// <param name="RecomputedTokens">Of the rows, those computed before (tokens).</param>
/// <param name="SwappedOutTokens">Copied to the host tier (tokens).</param>
/// <param name="SwappedInTokens">Copied back (tokens).</param>
/// <param name="MigratedTokens">Moved between workers (tokens).</param>
/// <param name="Migrations">Moves.</param>
/// <param name="Preemptions">Running segments set aside.</param>
public sealed record RunTotals(
    double EndSeconds, long Segments, long Steps, double StalledSeconds, double BusySeconds, long PrefillTokens, long OutputTokens, long RecomputedTokens,
    long SwappedOutTokens, long SwappedInTokens, long MigratedTokens, long Migrations, long Preemptions);

/// <summary>Memory and backlog at one moment, all workers together.</summary>
/// <param name="AtSeconds">When (virtual s).</param>
/// <param name="RunningBlocks">Device blocks of running segments.</param>
/// <param name="PinnedBlocks">Device blocks preserved for waiting agents.</param>
/// <param name="CachedBlocks">Device blocks that may be evicted.</param>
/// <param name="HostBlocks">Blocks in the host tier.</param>
/// <param name="ReadySegments">Ready and not running.</param>
/// <param name="RunningSegments">In a batch.</param>
/// <param name="LiveJobs">Arrived and not ended.</param>
public readonly record struct TierSample(
    double AtSeconds, long RunningBlocks, long PinnedBlocks, long CachedBlocks, long HostBlocks, int ReadySegments, int RunningSegments, int LiveJobs);
