using Astraea.Core.KvCache.Policies;
using Astraea.Core.Lifecycle;

namespace Astraea.Core.Scheduling.Policies;

/// <summary>Parameters of <see cref="ThunderAgent"/>.</summary>
public sealed record ThunderAgentOptions
{
    /// <summary>Room kept for what each active program grows by (tokens). Not negative.</summary>
    public int BufferTokens { get; init; } = 100;

    /// <summary>Share of its context that a program whose tool works counts for. 0 to 1.</summary>
    public double ToolWeight { get; init; } = 1;

    /// <summary>What is wrong with the values, one sentence each.</summary>
    public IEnumerable<string> Errors()
    {
        if (BufferTokens < 0)
            yield return $"BufferTokens is {BufferTokens}: it must not be negative.";
        if (!(ToolWeight is >= 0 and <= 1))
            yield return $"ToolWeight is {ToolWeight}: it must be 0 to 1.";
    }
}

/// <summary><c>thunderagent</c>: whole programs are paused until those that are not fit the device together; among these, calls in the order they came.</summary>
/// <remarks>
/// Kang et al., ThunderAgent (arXiv 2602.13692 §4; the rule as in the system's public router): over capacity, pause those whose tool works,
/// smallest context first, then those that reason; with room again, let in those with a call waiting, then new ones, then those in tools, smallest
/// first. Simplified: judged at every plan instead of every few seconds, for each worker by itself; paused KV goes the way of the cache.
/// </remarks>
public sealed class ThunderAgent : PlainPolicy, IActivePrograms
{
    /// <summary>Name in options and records.</summary>
    public const string PolicyName = "thunderagent";

    private readonly ThunderAgentOptions _options;

    /// <summary>Takes the parameters.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public ThunderAgent(ThunderAgentOptions? options = null) : base(PolicyName, new CacheOnly())
    {
        _options = options ?? new ThunderAgentOptions();
        SchedulingPolicies.Require(_options.Errors());
    }

    /// <inheritdoc/>
    public override IActivePrograms? Active => this;

    /// <inheritdoc/>
    public override Rank Rank(in RankInputs inputs, int poolBlocks, Instant now) => ByTurn(inputs);

    /// <inheritdoc/>
    public double Choose(in WorkerMemory memory, double window, ReadOnlySpan<ProgramMemory> programs, Span<bool> active)
    {
        double used = 0;
        List<(int Group, int Tokens, RequestId Request, int Index)> order = new(programs.Length);
        for (int i = 0; i < programs.Length; i++)
        {
            active[i] = programs[i].WasActive;
            used += active[i] ? Weight(programs[i]) : 0;
            order.Add((PauseGroup(programs[i]), programs[i].Tokens, programs[i].Request, i));
        }
        if (used > memory.PoolTokens)
        {
            order.Sort();
            foreach ((_, _, _, int index) in order)
            {
                if (used <= memory.PoolTokens)
                    break;
                if (!active[index] || used == Weight(programs[index]))
                    continue;
                active[index] = false;
                used -= Weight(programs[index]);
            }
            return 0;
        }
        for (int i = 0; i < order.Count; i++)
            order[i] = order[i] with { Group = ResumeGroup(programs[order[i].Index]) };
        order.Sort();
        foreach ((_, _, _, int index) in order)
        {
            // One is let in whatever its size: the engine fails what can never fit, and nobody else would ever be paused for it.
            if (active[index] || (used > 0 && used + Weight(programs[index]) > memory.PoolTokens))
                continue;
            active[index] = true;
            used += Weight(programs[index]);
        }
        return 0;
    }

    private double Weight(in ProgramMemory program) =>
        (program.Phase == RequestPhase.ToolWait ? _options.ToolWeight : 1) * program.Tokens + _options.BufferTokens;

    private static int PauseGroup(in ProgramMemory program) => program.Phase == RequestPhase.ToolWait ? 0 : 1;

    private static int ResumeGroup(in ProgramMemory program) => program.Phase == RequestPhase.ToolWait ? 2 : program.IsNew ? 1 : 0;
}
