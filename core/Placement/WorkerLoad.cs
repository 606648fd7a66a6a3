namespace Astraea.Core.Placement;

/// <summary>The work ahead of a newcomer on one worker.</summary>
/// <param name="LeasedSeconds">Predicted work of segments leased to it (device seconds).</param>
/// <param name="HomedSeconds">Predicted work of ready segments whose KV is on it (device seconds).</param>
/// <param name="Sequences">Segments leased to it.</param>
/// <param name="HasRoom">Whether it can start another at once.</param>
public readonly record struct WorkerLoad(double LeasedSeconds, double HomedSeconds, int Sequences, bool HasRoom)
{
    /// <summary>All work ahead (device seconds).</summary>
    public double BacklogSeconds => LeasedSeconds + HomedSeconds;

    /// <summary>Seconds from now until a segment of that service time would be done.</summary>
    /// <remarks>
    /// With room it shares the device with what runs: each of those takes as many seconds from it as it needs itself, but no more than
    /// it has left. Without room it first waits for all that is ahead. Rough on purpose: it only compares workers.
    /// </remarks>
    public double Finish(double serviceSeconds) =>
        (HasRoom ? Math.Min(LeasedSeconds, serviceSeconds * Sequences) : LeasedSeconds) + HomedSeconds + serviceSeconds;
}
