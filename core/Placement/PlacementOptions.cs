namespace Astraea.Core.Placement;

/// <summary>When work leaves the place it would naturally run at.</summary>
public sealed record PlacementOptions
{
    /// <summary>Share by which another worker's predicted finish must beat the natural one's: predictions err, and moved work is computed twice. 0 to 10.</summary>
    public double Margin { get; init; } = 0.25;

    /// <summary>How long a segment without KV anywhere is left for a less loaded worker that has room, before whoever asks gets it. 0 to 10 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>Whether idle KV is moved between workers at all.</summary>
    public bool Migrate { get; init; } = true;

    /// <summary>Least gain for which idle KV is moved (s). 0 to 3600.</summary>
    public double MigrationGainSeconds { get; init; } = 0.25;

    /// <summary>Least chance that the tool still works when the copy is done; 0 to 1.</summary>
    public double MigrationChance { get; init; } = 0.5;

    /// <summary>How long after one order the same KV is not ordered elsewhere again. At least 1 s.</summary>
    public TimeSpan MigrationAgain { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What is wrong with the values, one sentence each.</summary>
    public IEnumerable<string> Errors()
    {
        if (!(Margin is >= 0 and <= 10))
            yield return $"Margin is {Margin}: it must be 0 to 10.";
        if (Patience < TimeSpan.Zero || Patience > TimeSpan.FromSeconds(10))
            yield return $"Patience is {Patience}: it must be 0 to 10 s.";
        if (!(MigrationGainSeconds is >= 0 and <= 3600))
            yield return $"MigrationGainSeconds is {MigrationGainSeconds}: it must be 0 to 3600.";
        if (!(MigrationChance is >= 0 and <= 1))
            yield return $"MigrationChance is {MigrationChance}: it must be 0 to 1.";
        if (MigrationAgain < TimeSpan.FromSeconds(1))
            yield return $"MigrationAgain is {MigrationAgain}: it must be at least 1 s.";
    }
}
