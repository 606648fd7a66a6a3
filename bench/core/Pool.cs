using System.Collections.Immutable;
using Astraea.Core;
using Astraea.Core.Determinism;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Bench.Core;

/// <summary>A scheduler with the state a busy pool would have given it, and a clock that the measurement moves.</summary>
internal sealed class Pool
{
    private static readonly PoolId s_pool = new("pool");
    private static readonly string[] s_categories = ["coding", "research", "support", "data", "chat"];
    private static readonly string[] s_tools = ["bash", "search", "python", "read_file", "edit", "fetch"];

    private readonly SchedulerMachine _machine;
    private readonly SeededGenerator _random = new(20_251);
    private readonly Dictionary<RequestId, RequestStatus> _pictures = [];
    private ulong _next;

    public Pool(string policy, SchedulerOptions? options = null)
    {
        _machine = new SchedulerMachine(SchedulingPolicies.Create(policy), options);
        State = _machine.Initial("pool");
        Now = new Instant(TimeSpan.FromDays(20_000).Ticks);
    }

    public SchedulerState State { get; }

    public Instant Now { get; private set; }

    public void Pass(double seconds) => Now += TimeSpan.FromSeconds(seconds);

    public static string Worker(int index) => $"worker-{index}";

    /// <summary>A pull that says nothing of leases held.</summary>
    public static PullRequest Idle(int worker, int slots, int blocks = 4_000_000, ImmutableArray<HeldLease> held = default) => new(
        new WorkerId(Worker(worker)), 1, held.IsDefault ? [] : held, 4_000_000, blocks, 4_000_000, slots, 131_072, "h100-bf16", "https://" + Worker(worker),
        new CostProfile(2e-5, 4e-4, 2e-6, 8e-6), []);

    /// <summary>Decides and folds, as a driver does.</summary>
    public SchedulerReply Send(SchedulerMessage message)
    {
        var decision = _machine.Handle(State, message, Now);
        foreach (SchedulerEvent happened in decision.Events)
            _machine.Apply(State, happened);
        return decision.Reply;
    }

    public Plan Pull(PullRequest pull) => ((SchedulerReply.Planned)Send(new SchedulerMessage.Pull(pull))).Plan;

    public void Join(int workers)
    {
        for (int i = 0; i < workers; i++)
            Pull(Idle(i, 0));
    }

    /// <summary>A ready segment that has waited up to so long; with several turns behind it its KV is on one of the workers.</summary>
    public RequestStatus Ready(int workers, double waitedMax, double homedShare = 0.7)
    {
        RequestStatus status = Picture(workers, homedShare, RequestPhase.Ready, waitedMax);
        Tell(status);
        return status;
    }

    /// <summary>A request whose tool works, its KV on one of the workers.</summary>
    public RequestStatus Idle(int workers)
    {
        RequestStatus status = Picture(workers, 1, RequestPhase.ToolWait, 30);
        Tell(status);
        return status;
    }

    /// <summary>A request that runs on one worker.</summary>
    public HeldLease Running(int worker)
    {
        RequestStatus status = Picture(1, 0.7, RequestPhase.Running, 1) with { Worker = new WorkerId(Worker(worker)), Attempt = 1 };
        Tell(status);
        return new HeldLease(new SegmentAttempt(status.Request, status.Segment, 1), true);
    }

    /// <summary>The request ends, and another takes its place among the ready.</summary>
    public void End(SegmentAttempt attempt)
    {
        RequestStatus status = _pictures[attempt.Request];
        _pictures.Remove(attempt.Request);
        Send(new SchedulerMessage.Tell(status with { Version = status.Version + 1, Phase = RequestPhase.Cancelled, Worker = null }));
    }

    public void Tell(RequestStatus status)
    {
        _pictures[status.Request] = status;
        Send(new SchedulerMessage.Tell(status));
    }

    /// <summary>Lets go of the pictures this class keeps, so that only the scheduler's own state is measured.</summary>
    public void Forget()
    {
        _pictures.Clear();
        _pictures.TrimExcess();
    }

    private RequestStatus Picture(int workers, double homedShare, RequestPhase phase, double waitedMax)
    {
        // Texts are new objects in every picture, as they are when pictures come over the wire.
        string category = Fresh(s_categories[_random.NextInt(s_categories.Length)]);
        bool homed = _random.NextDouble() < homedShare;
        int turns = homed ? 1 + _random.NextInt(20) : 0;
        int context = homed ? 2_000 + _random.NextInt(30_000) : 200 + _random.NextInt(4_000);
        double age = _random.NextDouble() * waitedMax;
        ImmutableArray<SegmentOutcome>.Builder ended = ImmutableArray.CreateBuilder<SegmentOutcome>(turns);
        for (int i = 0; i < turns; i++)
        {
            bool open = i == turns - 1 && phase == RequestPhase.ToolWait;
            ended.Add(new SegmentOutcome(
                100 + _random.NextInt(900), 20 + _random.NextInt(300), 0.1 + _random.NextDouble(), Fresh(s_tools[_random.NextInt(s_tools.Length)]),
                open ? null : _random.NextDouble() * 20));
        }
        var id = new RequestId(((UInt128)_random.NextUInt64() << 64) | ++_next);
        string home = Fresh(Worker(_random.NextInt(workers)));
        KvPlace? kv = homed
            ? new KvPlace(new WorkerId(home), 0, context - 500, id.Value.ToString("x32"), KvDecision.Swap, $"pressure 0.7{_next % 10}: {context} tokens to the host tier, tool for 4.{_next % 10} s")
            : null;
        return new RequestStatus(
            id, 2 * turns + 1, new PoolId(Fresh(s_pool.Value)), new TenantId(Fresh($"tenant-{_random.NextInt(50)}")), category, phase,
            Now - TimeSpan.FromSeconds(age), Now - TimeSpan.FromSeconds(age + 20 * turns), Math.Max(0, turns - (phase == RequestPhase.ToolWait ? 1 : 0)),
            turns > 0 && phase == RequestPhase.ToolWait ? 1 : 0, null, context, 0, 0, 4_096, TimeSpan.FromSeconds(turns * 0.5 * _random.NextDouble()), turns * 0.4,
            turns > 0 ? 1 : -1, turns > 0 ? ended[^1].Tool : null, kv, ended.MoveToImmutable());
    }

    private static string Fresh(string text) => new(text.AsSpan());
}
