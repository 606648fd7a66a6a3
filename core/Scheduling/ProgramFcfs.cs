using Astraea.Core.KvCache;
using Astraea.Core.KvCache.Policies;

namespace Astraea.Core.Scheduling;

/// <summary><c>program-fcfs</c>: agent requests in the order they arrived; KV is left to the prefix cache and the host tier (SCHEDULING.md §4).</summary>
/// <remarks>Strict: what does not fit holds up everything behind it, so no request waits for a later one.</remarks>
public sealed class ProgramFcfs : ISchedulingPolicy, IColumnScoring
{
    /// <summary>Name in options and records.</summary>
    public const string PolicyName = "program-fcfs";

    /// <inheritdoc/>
    public string Name => PolicyName;

    /// <inheritdoc/>
    public IKvPolicy Kv { get; } = new CacheOnly();

    /// <inheritdoc/>
    public bool LowerQueuesFill => false;

    /// <inheritdoc/>
    public bool BatchSynchronous => false;

    /// <inheritdoc/>
    public bool PreemptsRunning => false;

    /// <inheritdoc/>
    public double GuardShare => 0;

    /// <inheritdoc/>
    public double GuardAfter => double.PositiveInfinity;

    /// <inheritdoc/>
    public Rank Rank(in RankInputs inputs, int poolBlocks, Instant now) => new(0, 0, inputs.Arrival, inputs.Request);

    /// <inheritdoc/>
    public int Level(in LevelInputs inputs, Instant now) => 0;

    /// <inheritdoc/>
    public void Score(in RankColumns rows, int poolBlocks, Span<int> bands, Span<double> scores)
    {
        bands.Clear();
        scores.Clear();
    }

    /// <inheritdoc/>
    public double LevelHoldsUntil(in LevelInputs inputs) => inputs.Current == 0 ? double.PositiveInfinity : 0;
}
