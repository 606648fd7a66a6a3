using Astraea.Core.Lifecycle;

namespace Astraea.Core.Scheduling;

/// <summary>Parameters of <see cref="AgentWindow"/>.</summary>
public sealed record AgentWindowOptions
{
    /// <summary>Requests let in at first on each worker. At least 1.</summary>
    public double Start { get; init; } = 16;

    /// <summary>What the window grows by at each look while memory is not short. Positive.</summary>
    public double Grow { get; init; } = 0.05;

    /// <summary>Factor by which it shrinks when memory thrashes. Between 0 and 1.</summary>
    public double Cut { get; init; } = 0.9;

    /// <summary>Memory in use from which it no longer grows (share of the pool). 0 to 1.</summary>
    public double UsageHigh { get; init; } = 0.9;

    /// <summary>Share of input found in the cache below which full memory counts as thrashing. 0 to 1.</summary>
    public double HitLow { get; init; } = 0.5;

    /// <summary>What is wrong with the values, one sentence each.</summary>
    public IEnumerable<string> Errors()
    {
        if (!(Start >= 1) || double.IsInfinity(Start))
            yield return $"Start is {Start}: it must be a number of at least 1.";
        if (!(Grow > 0) || double.IsInfinity(Grow))
            yield return $"Grow is {Grow}: it must be a positive number.";
        if (!(Cut is > 0 and < 1))
            yield return $"Cut is {Cut}: it must be between 0 and 1.";
        if (!(UsageHigh is >= 0 and <= 1))
            yield return $"UsageHigh is {UsageHigh}: it must be 0 to 1.";
        if (!(HitLow is >= 0 and <= 1))
            yield return $"HitLow is {HitLow}: it must be 0 to 1.";
    }
}

/// <summary>A window of active requests for each worker that grows slowly and shrinks fast, as in congestion control.</summary>
/// <remarks>
/// Chen et al., CONCUR (arXiv 2601.22705 §4): the number of agents follows two signals, memory in use and cache hits; full memory alone is well used memory, full
/// memory without hits is thrashing. Who is in stays in unless the window shrinks below; then who came last and is not running goes out first.
/// </remarks>
public sealed class AgentWindow : IActivePrograms
{
    private readonly AgentWindowOptions _options;

    /// <summary>Takes the parameters.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public AgentWindow(AgentWindowOptions options)
    {
        _options = options;
        SchedulingPolicies.Require(_options.Errors());
    }

    /// <inheritdoc/>
    public double Choose(in WorkerMemory memory, double window, ReadOnlySpan<ProgramMemory> programs, Span<bool> active)
    {
        double next = Next(memory, window);
        int room = (int)next;
        List<(int Group, Instant Arrival, RequestId Request, int Index)> order = new(programs.Length);
        for (int i = 0; i < programs.Length; i++)
        {
            ProgramMemory program = programs[i];
            int group = program.Phase == RequestPhase.Running ? 0 : program.WasActive ? 1 : 2;
            order.Add((group, program.Arrival, program.Request, i));
        }
        order.Sort();
        for (int place = 0; place < order.Count; place++)
            active[order[place].Index] = place < room || order[place].Group == 0;
        return next;
    }

    /// <summary>The window after one look. At least 1: somebody always gets on.</summary>
    public double Next(in WorkerMemory memory, double window)
    {
        if (window < 1)
            return _options.Start;
        if (memory.Usage < _options.UsageHigh)
            return window + _options.Grow;
        return memory.HitShare < _options.HitLow ? Math.Max(1, window * _options.Cut) : window;
    }
}
