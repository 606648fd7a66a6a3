namespace Astraea.Cluster.Soak.Faults;

/// <summary>One fault and what followed.</summary>
/// <param name="Name">What was done.</param>
/// <param name="At">When.</param>
/// <param name="Live">Agents alive then.</param>
internal sealed record FaultRecord(string Name, DateTimeOffset At, int Live)
{
    /// <summary>When the membership said that the process is dead; null when the fault kills none.</summary>
    public DateTimeOffset? DeadAt { get; set; }

    /// <summary>When all was as before: processes, workers, scheduler.</summary>
    public DateTimeOffset? WholeAt { get; set; }

    /// <summary>Exit code of a process that was asked to end; null when it had to be killed, or was not asked.</summary>
    public int? ExitCode { get; set; }

    /// <summary>What should not have been.</summary>
    public string? Problem { get; set; }
}
