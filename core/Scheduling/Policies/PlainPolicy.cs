using Astraea.Core.KvCache;

namespace Astraea.Core.Scheduling.Policies;

/// <summary>What most baselines have in common: one level, joins at any step, nobody who runs is set aside for another, no guard lane.</summary>
/// <param name="name">Name in options and records.</param>
/// <param name="kv">What becomes of KV at a tool call.</param>
public abstract class PlainPolicy(string name, IKvPolicy kv) : ISchedulingPolicy
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public IKvPolicy Kv => kv;

    /// <inheritdoc/>
    public virtual bool LowerQueuesFill => true;

    /// <inheritdoc/>
    public bool BatchSynchronous => false;

    /// <inheritdoc/>
    public virtual bool PreemptsRunning => false;

    /// <inheritdoc/>
    public double GuardShare => 0;

    /// <inheritdoc/>
    public double GuardAfter => double.PositiveInfinity;

    /// <inheritdoc/>
    public virtual IActivePrograms? Active => null;

    /// <inheritdoc/>
    public abstract Rank Rank(in RankInputs inputs, int poolBlocks, Instant now);

    /// <inheritdoc/>
    public virtual int Level(in LevelInputs inputs, Instant now) => 0;

    /// <summary>First come, first served by segment: the order of engines that see calls, not programs.</summary>
    protected static Rank ByTurn(in RankInputs inputs, int band = 0) => new(band, 0, inputs.SegmentSince, inputs.Request);

    /// <summary>First come, first served by agent request.</summary>
    protected static Rank ByProgram(in RankInputs inputs, int band = 0) => new(band, 0, inputs.Arrival, inputs.Request);
}
