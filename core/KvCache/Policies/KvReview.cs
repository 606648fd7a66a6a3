namespace Astraea.Core.KvCache.Policies;

/// <summary>Moments at which a preserve is looked at again.</summary>
internal static class KvReview
{
    /// <summary>Learned quantiles are means of bins a fifth wide: whoever pins until one waits half a bin longer, or half of the bin comes just too late.</summary>
    public const double BinSlack = 1.1;

    private const double SecondsMax = 86_400;
    private static readonly TimeSpan s_least = TimeSpan.FromMilliseconds(1);

    /// <summary>So many seconds after a moment; beyond a day nobody waits for it.</summary>
    public static Instant At(Instant from, double seconds) => from + TimeSpan.FromSeconds(Math.Min(seconds, SecondsMax));

    /// <summary>A day from now: the tool's answer or need for memory ends it sooner.</summary>
    public static Instant Never(Instant now) => At(now, SecondsMax);

    /// <summary>Never in the past, nor so soon that a review follows itself in the same step.</summary>
    public static Instant After(Instant at, Instant now) => Instant.Max(at, now + s_least);
}
