namespace Astraea.Core.KvCache;

/// <summary>Settings of <see cref="PressurePolicy"/>.</summary>
/// <param name="LowWatermark">Pressure below which KV is preserved (share of the pool).</param>
/// <param name="HighWatermark">Pressure from which KV is discarded when the host tier cannot take it (share of the pool).</param>
/// <param name="DiscardIgnoresHost">The literal reading of the paper: at critical pressure discard, whatever room the host tier has.</param>
/// <param name="ReviewAfter">How long a preserve stands before it is looked at again.</param>
/// <param name="PreserveAtMost">How long KV is preserved for a tool that does not return; then its blocks go the way of moderate pressure.</param>
public sealed record KvPressureSettings(
    double LowWatermark, double HighWatermark, bool DiscardIgnoresHost, TimeSpan ReviewAfter, TimeSpan PreserveAtMost)
{
    /// <summary>0.6 and 0.9 (SCHEDULING.md §1), the host tier first, reviewed every 30 s, 5 min at most.</summary>
    public static KvPressureSettings Default { get; } = new(0.6, 0.9, false, TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5));

    /// <summary>What is wrong with the values, one sentence each.</summary>
    public IEnumerable<string> Errors()
    {
        if (!(LowWatermark is >= 0 and <= 1))
            yield return $"LowWatermark is {LowWatermark}: it must be 0 to 1.";
        if (!(HighWatermark is >= 0 and <= 1) || HighWatermark < LowWatermark)
            yield return $"HighWatermark is {HighWatermark}: it must be 0 to 1 and not below LowWatermark.";
        if (ReviewAfter <= TimeSpan.Zero)
            yield return $"ReviewAfter is {ReviewAfter}: it must be positive.";
        if (PreserveAtMost < TimeSpan.Zero)
            yield return $"PreserveAtMost is {PreserveAtMost}: it must not be negative.";
    }
}

/// <summary>The memory as it stands when KV is decided on.</summary>
/// <param name="PoolBlocks">Blocks of the device.</param>
/// <param name="HeldBlocks">Running and pinned blocks; evictable cached blocks count as free (blocks).</param>
/// <param name="ReservedBlocks">Blocks promised to admitted sequences (blocks).</param>
/// <param name="OwnBlocks">Blocks of this context that nobody else references (blocks).</param>
/// <param name="CopyBlocks">Of its full blocks, those not in the host tier yet (blocks).</param>
/// <param name="HostRoom">Host blocks that can be had (blocks).</param>
public readonly record struct KvSituation(int PoolBlocks, int HeldBlocks, int ReservedBlocks, int OwnBlocks, int CopyBlocks, int HostRoom)
{
    /// <summary>Tokens of the context that nobody else references (C, tokens).</summary>
    public int OwnTokens { get; init; }

    /// <summary>Tokens in the contexts of the running batch (C_other, tokens).</summary>
    public int BatchTokens { get; init; }

    /// <summary>Blocks that segments wait for which are ready and do not fit (blocks).</summary>
    public int WantedBlocks { get; init; }

    /// <summary>What a segment that comes back without its memory waits for it here, as measured of late (s).</summary>
    public double QueueSeconds { get; init; }

    /// <summary>Blocks of contexts on this worker, running or waiting, that are less idle than this one (blocks). Counted for policies that rank contexts.</summary>
    public int BusierBlocks { get; init; }

    /// <summary>What computing and copying cost here, as measured; null before anything is.</summary>
    public Scheduling.CostProfile? Costs { get; init; }

    /// <summary>(running + reserved + pinned) / pool.</summary>
    public double Pressure => (double)(HeldBlocks + ReservedBlocks) / Math.Max(1, PoolBlocks);

    /// <summary>Whether the host tier can take what is not there yet.</summary>
    public bool HostTakes => HostRoom > 0 && CopyBlocks <= HostRoom;
}

/// <summary>A decision on KV.</summary>
/// <param name="Decision">What becomes of it.</param>
/// <param name="Reason">Why, in words with figures.</param>
/// <param name="ReviewAt">When a preserve is to be looked at again; null for the others.</param>
public readonly record struct KvChoice(KvDecision Decision, string Reason, Instant? ReviewAt);

/// <summary>What becomes of an agent's KV while its tool works, by memory pressure.</summary>
/// <remarks>
/// Ni et al., Astraea (arXiv 2512.14142) §4.3 and SCHEDULING.md §1, §2: preserve at low pressure, swap at moderate, discard at critical;
/// discard only if the host tier cannot take the blocks. At moderate pressure without room in the host tier the blocks are discarded too:
/// pinning them would turn moderate pressure into critical.
/// </remarks>
public static class PressurePolicy
{
    /// <summary>Decides for one context. A pure function of its arguments.</summary>
    /// <param name="situation">The memory as it stands, this context's own blocks counted as held.</param>
    /// <param name="settings">Watermarks and times.</param>
    /// <param name="waitedSince">When its tool was called.</param>
    /// <param name="now">The moment.</param>
    public static KvChoice Decide(in KvSituation situation, KvPressureSettings settings, Instant waitedSince, Instant now)
    {
        TimeSpan waited = now - waitedSince;
        double pressure = situation.Pressure;
        if (pressure < settings.LowWatermark && waited < settings.PreserveAtMost)
        {
            return new KvChoice(
                KvDecision.Preserve, $"{Figures(situation)} < {settings.LowWatermark:0.00}: preserve {situation.OwnBlocks} blocks", now + settings.ReviewAfter);
        }

        string above = pressure >= settings.HighWatermark
            ? $"{Figures(situation)} ≥ {settings.HighWatermark:0.00}"
            : pressure >= settings.LowWatermark
                ? $"{Figures(situation)} ≥ {settings.LowWatermark:0.00}"
                : $"its tool has worked for {waited.TotalSeconds:0} s, longer than {settings.PreserveAtMost.TotalSeconds:0} s";
        if (pressure >= settings.HighWatermark && settings.DiscardIgnoresHost)
            return new KvChoice(KvDecision.Discard, $"{above}: discard {situation.OwnBlocks} blocks, whatever room the host tier has", null);
        return situation.HostTakes
            ? new KvChoice(KvDecision.Swap, $"{above}: swap, {situation.CopyBlocks} of {situation.OwnBlocks} blocks to copy, host room {situation.HostRoom}", null)
            : new KvChoice(KvDecision.Discard, $"{above}: discard, host room {situation.HostRoom} < {situation.CopyBlocks} blocks to copy", null);
    }

    private static string Figures(in KvSituation s) =>
        $"pressure {s.Pressure:0.00} = ({s.HeldBlocks} held + {s.ReservedBlocks} reserved) / {s.PoolBlocks}";
}
