using Astraea.Core;

namespace Astraea.Simulator.Cluster;

/// <summary>Seconds of scenarios and moments of the core.</summary>
internal static class VirtualTime
{
    /// <summary>The moment so many seconds after the start.</summary>
    public static Instant At(double seconds) => new((long)Math.Round(seconds * TimeSpan.TicksPerSecond));

    /// <summary>Seconds since the start.</summary>
    public static double Seconds(this Instant moment) => (double)moment.Ticks / TimeSpan.TicksPerSecond;

    /// <summary>Later by so many seconds.</summary>
    public static Instant Plus(this Instant moment, double seconds) => new(moment.Ticks + (long)Math.Round(seconds * TimeSpan.TicksPerSecond));
}
