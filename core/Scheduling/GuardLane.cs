namespace Astraea.Core.Scheduling;

/// <summary>The lane of segments that have waited too long: first in, first out, with a share of each worker of its own (SCHEDULING.md §3).</summary>
/// <param name="After">D: a segment joins once its open wait exceeds this multiple of its isolated service.</param>
/// <param name="Share">φ in (0, 1]: share of step tokens, slots and blocks the lane owns on each worker.</param>
/// <remarks>
/// <para>Bound on the open wait of a segment with isolated service s, on a worker of capacity c (device seconds per second):
/// B = D·s + (lane work ahead)/(φ·c). The order inside the lane is the moment a segment <em>joined</em>, t = ready + D·s. Whatever joins later
/// stands behind, so the work ahead is fixed at t and only shrinks. By arrival of the request instead, a segment of an older
/// request that becomes ready later would pass, again and again, and the work ahead would have no bound at t.</para>
/// <para>The share may take memory from running work, so nothing outside the lane can hold the head up. Lane work ahead is finite, because admission
/// bounds live requests. With work ahead of at most D·s·φ·c, the wait is within 2·D·s: 20 × isolated service at the defaults; "one drain of the
/// lane" is the other term.</para>
/// </remarks>
public readonly record struct GuardLane(double After, double Share)
{
    /// <summary>A policy without the lane.</summary>
    public static GuardLane None { get; } = new(double.PositiveInfinity, 0);

    /// <summary>When the segment joins the lane, or null when it never will: it runs, or there is no lane.</summary>
    public Instant? JoinsAt(in RankInputs inputs)
    {
        double wait = After * inputs.IsolatedSeconds;
        // Beyond a year a moment in ticks could overflow, and nobody waits for it.
        return inputs.ReadySince is { } since && wait < 3.2e7 ? since + TimeSpan.FromSeconds(wait) : null;
    }

    /// <summary>The rank in the lane; false when the segment is not in it.</summary>
    public bool TryRank(in RankInputs inputs, Instant now, out Rank rank)
    {
        rank = default;
        if (JoinsAt(inputs) is not { } joined || now <= joined)
            return false;
        // Seconds since it joined: at any one moment, who joined earlier has more.
        rank = new Rank(Rank.GuardBand, (now - joined).TotalSeconds, inputs.Arrival, inputs.Request);
        return true;
    }
}
