namespace Astraea.Grains.Activations;

/// <summary>Times and bounds of a shell: the same in one process and in a cluster.</summary>
public sealed record ShellOptions
{
    /// <summary>How often attendance is checked and ended requests are put away. Default 5 s.</summary>
    public TimeSpan SweepEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an ended request stays in memory after it was last used. Default 30 s.</summary>
    public TimeSpan PassivateAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Newest events of a request kept in memory for readers; older ones are read from the store (events). Default 512.</summary>
    public int TailEvents { get; init; } = 512;

    /// <summary>Histories read at the same time while recovering. Default 32.</summary>
    public int RecoverParallel { get; init; } = 32;

    /// <summary>How long a migration ticket is valid. Default 60 s.</summary>
    public TimeSpan TicketLife { get; init; } = TimeSpan.FromSeconds(60);
}
