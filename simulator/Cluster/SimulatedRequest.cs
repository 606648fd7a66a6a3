using System.Collections.Immutable;
using Astraea.Core;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;

namespace Astraea.Simulator.Cluster;

/// <summary>An agent request without token ids: the lengths, phases and counts of <see cref="AgentRequestMachine"/>.</summary>
/// <remarks>A machine with ids would hold every context several times over. A test lives scripted lives with both and compares their pictures.</remarks>
internal sealed class SimulatedRequest
{
    private static readonly PoolId s_pool = new("pool");
    private readonly TenantId _tenant;
    private readonly string _category;
    private readonly RequestId? _parent;
    private int _segment, _minOutput, _maxOutput;
    private int _contextTokens;
    private Instant _submittedAt, _phaseSince;
    private int _level = -1;
    private double _attained, _returned;
    private string? _tool;
    private ImmutableArray<SegmentOutcome> _outcomes = [];

    public SimulatedRequest(RequestId id, TenantId tenant, string category, RequestId? parent)
    {
        (Id, _tenant, _category, _parent) = (id, tenant, category, parent);
    }

    public RequestId Id { get; }

    public long Version { get; private set; }

    public RequestPhase Phase { get; private set; }

    public int Segment => _segment;

    public int Attempt { get; private set; }

    public int OutputTokens { get; private set; }

    /// <summary>Longest context, from its start, that some worker has computed KV for (tokens).</summary>
    public int ComputedTokens { get; private set; }

    public WorkerId? Worker { get; private set; }

    public KvPlace? Kv { get; private set; }

    public TimeSpan Waited { get; private set; }

    public Instant PhaseSince => _phaseSince;

    public void Submit(int promptTokens, int minOutput, int maxOutput, Instant now)
    {
        Version++;
        _submittedAt = now;
        _contextTokens = promptTokens;
        (_minOutput, _maxOutput) = (minOutput, maxOutput);
        Enter(RequestPhase.Ready, now);
    }

    /// <summary>A worker begins an attempt; false when the offer is stale.</summary>
    public bool TryStart(int segment, int attempt, WorkerId worker, int level, Instant now)
    {
        bool open = Phase is RequestPhase.Ready or RequestPhase.Running;
        if (!open || segment != _segment || attempt <= Attempt)
            return false;
        Version++;
        Enter(RequestPhase.Running, now);
        Attempt = attempt;
        Worker = worker;
        _level = level;
        return true;
    }

    /// <summary>Output of the running segment that is durable by now, in all.</summary>
    public void Report(int outputTokens)
    {
        if (outputTokens <= OutputTokens)
            return;
        Version++;
        OutputTokens = outputTokens;
        ComputedTokens = Math.Max(ComputedTokens, _contextTokens + OutputTokens - 1);
    }

    /// <summary>The running segment is complete.</summary>
    /// <param name="tool">What is called, or null at the end of the request.</param>
    /// <param name="uncached">Input tokens that had to be computed (tokens).</param>
    /// <param name="seconds">Device seconds of the attempt (s).</param>
    /// <param name="kv">Where its KV is.</param>
    /// <param name="now">When.</param>
    public void End(string? tool, int uncached, double seconds, KvPlace? kv, Instant now)
    {
        Version++;
        double spent = _returned + seconds;
        _outcomes = _outcomes.Add(new SegmentOutcome(uncached, OutputTokens, spent, tool, ToolSeconds: null));
        _attained += spent;
        _returned = 0;
        Kv = kv;
        _tool = tool ?? _tool;
        if (tool is not null)
        {
            Enter(RequestPhase.ToolWait, now);
            return;
        }
        Version++;
        Enter(RequestPhase.Completed, now);
    }

    /// <summary>The running segment comes back unfinished.</summary>
    public void Return(double seconds, Instant now)
    {
        Version++;
        Enter(RequestPhase.Ready, now);
        _returned += seconds;
    }

    /// <summary>The worker cannot run it.</summary>
    public void Fail(Instant now)
    {
        Version++;
        Enter(RequestPhase.Failed, now);
    }

    /// <summary>The tool has answered: the next segment is ready.</summary>
    /// <param name="kept">Tokens of the former context that stay (tokens).</param>
    /// <param name="added">Tokens behind them (tokens).</param>
    /// <param name="minOutput">Floor (tokens).</param>
    /// <param name="maxOutput">Cap (tokens).</param>
    /// <param name="now">When.</param>
    public void ToolReturns(int kept, int added, int minOutput, int maxOutput, Instant now)
    {
        Version++;
        double toolSeconds = Math.Max(0, (now - _phaseSince).TotalSeconds);
        _outcomes = _outcomes.SetItem(_outcomes.Length - 1, _outcomes[^1] with { ToolSeconds = toolSeconds });
        _contextTokens = kept + added;
        OutputTokens = 0;
        ComputedTokens = Math.Min(ComputedTokens, kept);
        (_minOutput, _maxOutput) = (minOutput, maxOutput);
        _segment++;
        Enter(RequestPhase.Ready, now);
    }

    /// <summary>Its KV is elsewhere now; false when that does not matter any more.</summary>
    public bool TryMoveKv(KvPlace place)
    {
        if (Phase is not (RequestPhase.Ready or RequestPhase.ToolWait) || place == Kv)
            return false;
        Version++;
        Kv = place;
        return true;
    }

    /// <summary>The picture its scheduler gets.</summary>
    public RequestStatus ToStatus() => new(
        Id, Version, s_pool, _tenant, _category, Phase, _phaseSince, _submittedAt, _segment, Attempt,
        Phase == RequestPhase.Running ? Worker : null, _contextTokens + OutputTokens, OutputTokens, _minOutput, _maxOutput, Waited, _attained, _level,
        _tool, Kv, _outcomes)
    {
        Parent = _parent,
    };

    private void Enter(RequestPhase phase, Instant at)
    {
        if (Phase == RequestPhase.Ready && at > _phaseSince)
            Waited += at - _phaseSince;
        Phase = phase;
        _phaseSince = at;
    }
}
