using System.Collections.Immutable;
using Astraea.Core.KvCache.Policies;

namespace Astraea.Core.Scheduling.Policies;

/// <summary>Parameters of <see cref="Plas"/>.</summary>
public sealed record PlasOptions
{
    /// <summary>Queues. 1 to 16.</summary>
    public int Queues { get; init; } = 6;

    /// <summary>Attained service that the first queue ends at (device s). Positive.</summary>
    public double FirstQueueSeconds { get; init; } = 1;

    /// <summary>Ratio of neighbouring bounds. More than 1.</summary>
    public double Factor { get; init; } = 2;

    /// <summary>Waited over attained service from which a program is let into the first queue. Positive; infinity for never.</summary>
    public double StarvationRatio { get; init; } = 8;

    /// <summary>What is wrong with the values, one sentence each.</summary>
    public IEnumerable<string> Errors()
    {
        if (Queues is < 1 or > 16)
            yield return $"Queues is {Queues}: it must be 1 to 16.";
        if (!(FirstQueueSeconds > 0) || double.IsInfinity(FirstQueueSeconds))
            yield return $"FirstQueueSeconds is {FirstQueueSeconds}: it must be a positive number of seconds.";
        if (!(Factor > 1) || double.IsInfinity(Factor))
            yield return $"Factor is {Factor}: it must be a number above 1.";
        if (!(StarvationRatio > 0))
            yield return $"StarvationRatio is {StarvationRatio}: it must be positive.";
    }
}

/// <summary><c>plas</c>: programs by the service they have had, least first, in exponential queues that are first in, first out.</summary>
/// <remarks>
/// Luo et al., Autellix (arXiv 2502.13965 §4.2): the priority of a call is what the program's earlier calls were served; queues make it discrete; a program
/// whose waiting is large beside its service goes to the first queue. Simplified: what the running call has had so far counts when it ends, not
/// while it runs, and waiting is that of the program up to now.
/// </remarks>
public sealed class Plas : PlainPolicy
{
    /// <summary>Name in options and records.</summary>
    public const string PolicyName = "plas";

    private readonly PlasOptions _options;
    private readonly ImmutableArray<double> _bounds;

    /// <summary>Takes the parameters.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public Plas(PlasOptions? options = null) : base(PolicyName, new CacheOnly())
    {
        _options = options ?? new PlasOptions();
        SchedulingPolicies.Require(_options.Errors());
        double bound = _options.FirstQueueSeconds;
        ImmutableArray<double>.Builder bounds = ImmutableArray.CreateBuilder<double>();
        for (int queue = 1; queue < _options.Queues; queue++, bound *= _options.Factor)
            bounds.Add(bound);
        _bounds = bounds.ToImmutable();
    }

    /// <inheritdoc/>
    public override bool PreemptsRunning => true;

    /// <inheritdoc/>
    public override Rank Rank(in RankInputs inputs, int poolBlocks, Instant now) => ByTurn(inputs, inputs.Level);

    /// <inheritdoc/>
    public override int Level(in LevelInputs inputs, Instant now)
    {
        if (inputs.AttainedSeconds > 0 && inputs.WaitedSeconds / inputs.AttainedSeconds >= _options.StarvationRatio)
            return 0;
        int queue = 0;
        while (queue < _bounds.Length && inputs.AttainedSeconds >= _bounds[queue])
            queue++;
        return queue;
    }
}
