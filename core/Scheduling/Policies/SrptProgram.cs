using Astraea.Core.KvCache.Policies;

namespace Astraea.Core.Scheduling.Policies;

/// <summary><c>srpt-program</c>: the agent request with least remaining work first. With everything known in advance it is the bound that policies are measured against.</summary>
/// <remarks>
/// SCHEDULING.md §4, §7. Memory is as in <c>astraea</c>: lazy write-back, never recompute what the host can hold. Between segments it preempts by nature; with
/// <paramref name="preempts"/> also between steps, but only a program of at least four times the remaining work: less is not worth a copy.
/// </remarks>
/// <param name="preempts">Whether running segments give way between steps.</param>
public sealed class SrptProgram(bool preempts = false) : PlainPolicy(PolicyName, PressureKv.Lazy())
{
    /// <summary>Name in options and records.</summary>
    public const string PolicyName = "srpt-program";

    private const int Bins = 24;
    private const double FirstBinSeconds = 1.0 / 16;

    /// <inheritdoc/>
    public override bool PreemptsRunning => preempts;

    /// <inheritdoc/>
    public override Rank Rank(in RankInputs inputs, int poolBlocks, Instant now)
    {
        double remaining = Math.Max(Math.Max(inputs.RemainingSeconds, inputs.SegmentSeconds), SchedulingPolicies.SecondsMin);
        // Whoever runs counts as two bins smaller: two bins are a factor of four.
        int band = preempts ? Math.Max(0, Bin(remaining) - (inputs.ReadySince is null ? 2 : 0)) : 0;
        return new Rank(band, 1 / remaining, inputs.Arrival, inputs.Request);
    }

    /// <inheritdoc/>
    public override int Level(in LevelInputs inputs, Instant now) => preempts ? Bin(Math.Max(inputs.RemainingSeconds, inputs.SegmentSeconds)) : 0;

    private static int Bin(double seconds)
    {
        int bin = 0;
        for (double bound = FirstBinSeconds; bin < Bins - 1 && seconds >= bound; bound *= 2)
            bin++;
        return bin;
    }
}
