namespace Astraea.Core.KvCache.Policies;

/// <summary>By memory pressure: preserve at low, swap at moderate, discard at critical (<see cref="PressurePolicy"/>).</summary>
public sealed class PressureKv : IKvPolicy
{
    private readonly KvPressureSettings _settings;

    private PressureKv(string name, KvPressureSettings settings, bool lazy)
    {
        (Name, _settings, WritesBack) = (name, settings, lazy);
        AfterSwap = lazy ? KvRelease.Recent : KvRelease.Free;
    }

    /// <summary>As published: a swapped block is free at once, and what the cache evicts is lost (Ni et al., arXiv 2512.14142 §4.3).</summary>
    public static PressureKv Paper(KvPressureSettings? settings = null) => new("pressure-paper", settings ?? KvPressureSettings.Default, lazy: false);

    /// <summary>With lazy write-back: a swapped block stays usable until it is overwritten, and evicted blocks go to the host tier (SCHEDULING.md §2).</summary>
    public static PressureKv Lazy(KvPressureSettings? settings = null) => new("pressure-lazy", settings ?? KvPressureSettings.Default, lazy: true);

    /// <summary>Watermarks and times.</summary>
    public KvPressureSettings Settings => _settings;

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool PrefixCache => true;

    /// <inheritdoc/>
    public bool HostTier => true;

    /// <inheritdoc/>
    public bool WritesBack { get; }

    /// <inheritdoc/>
    public KvRelease AfterSwap { get; }

    /// <inheritdoc/>
    public double WatchedPressure => _settings.LowWatermark;

    /// <inheritdoc/>
    public KvChoice Decide(in KvSituation situation, in KvWait wait, Instant now) => PressurePolicy.Decide(situation, _settings, wait.Since, now);
}
