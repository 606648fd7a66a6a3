using System.Collections.Immutable;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Tests.Scheduling;

/// <summary>A scheduler machine with its state and a clock that the test moves.</summary>
internal sealed class SchedulerDesk
{
    public static readonly CostProfile Costs = new(0.001, 0.01, 0.0001, 0.0002);

    private readonly SchedulerMachine _machine;

    public SchedulerDesk(ISchedulingPolicy policy, SchedulerOptions? options = null)
    {
        _machine = new SchedulerMachine(policy, options, epoch: 7);
        State = _machine.Initial("pool");
        Now = new Instant(TimeSpan.FromDays(20_000).Ticks);
    }

    public SchedulerState State { get; }

    public Instant Now { get; private set; }

    /// <summary>All events so far, in order.</summary>
    public List<SchedulerEvent> Events { get; } = [];

    public void Pass(double seconds) => Now += TimeSpan.FromSeconds(seconds);

    public void Tell(RequestStatus status) => Send(new SchedulerMessage.Tell(status));

    public Plan Pull(PullRequest pull) => ((SchedulerReply.Planned)Send(new SchedulerMessage.Pull(pull))).Plan;

    public void Sweep() => Send(new SchedulerMessage.Sweep());

    public ClusterView Look() => ((SchedulerReply.Seen)Send(new SchedulerMessage.Look())).View;

    public SchedulerReply Send(SchedulerMessage message)
    {
        var decision = _machine.Handle(State, message, Now);
        foreach (SchedulerEvent happened in decision.Events)
        {
            Events.Add(happened);
            _machine.Apply(State, happened);
        }
        return decision.Reply;
    }

    public List<SchedulerEffect> Owed()
    {
        List<SchedulerEffect> due = [];
        _machine.Owed(State, due);
        return due;
    }

    /// <summary>A request that has just arrived, its first segment ready.</summary>
    public RequestStatus Arrived(int id, int context = 64, int output = 16, string category = "agent") => new(
        Id(id), 1, new PoolId("pool"), new TenantId("t"), category, RequestPhase.Ready, Now, Now, 0, 0, null, context, 0, output, output,
        TimeSpan.Zero, 0, -1, null, null, []);

    public static RequestId Id(int id) => new((UInt128)id);

    public static PullRequest Idle(
        string worker, int blocks = 64, int slots = 4, int? free = null, ImmutableArray<HeldLease> held = default, CostProfile? costs = null) => new(
        new WorkerId(worker), 7, held.IsDefault ? [] : held, blocks, free ?? blocks, 128, slots, 4096, "cpu", "http://" + worker, costs ?? Costs, []);

    public static KvPlace Place(string worker, int device, int host = 0, KvDecision decision = KvDecision.Swap) =>
        new(new WorkerId(worker), device, host, "0a", decision, "test");
}

/// <summary>Short ways from one picture of a request to the next.</summary>
internal static class Pictures
{
    public static RequestStatus Started(this RequestStatus status, SegmentAttempt attempt, string worker, Instant now) => status with
    {
        Version = status.Version + 1, Phase = RequestPhase.Running, Attempt = attempt.Attempt, Worker = new WorkerId(worker),
        Waited = status.Waited + (now - status.PhaseSince), PhaseSince = now, Level = 0,
    };

    public static RequestStatus EndedInTool(
        this RequestStatus status, Instant now, int uncached, int output, string tool, KvPlace? kv = null, double device = 0.1) => status with
        {
            Version = status.Version + 1, Phase = RequestPhase.ToolWait, Worker = null, PhaseSince = now, ContextTokens = status.ContextTokens + output,
            OutputTokens = output, Tool = tool, Kv = kv, AttainedSeconds = status.AttainedSeconds + device,
            Ended = status.Ended.Add(new SegmentOutcome(uncached, output, device, tool, null)),
        };

    public static RequestStatus ResultsCame(this RequestStatus status, Instant now, int appended, int output = 16)
    {
        SegmentOutcome last = status.Ended[^1] with { ToolSeconds = (now - status.PhaseSince).TotalSeconds };
        return status with
        {
            Version = status.Version + 1, Phase = RequestPhase.Ready, PhaseSince = now, Segment = status.Segment + 1, OutputTokens = 0,
            ContextTokens = status.ContextTokens + appended, MinOutputTokens = output, MaxOutputTokens = output,
            Ended = status.Ended.SetItem(status.Ended.Length - 1, last),
        };
    }

    public static RequestStatus Completed(this RequestStatus status, Instant now, int uncached, int output, double device = 0.1) => status with
    {
        Version = status.Version + 1, Phase = RequestPhase.Completed, Worker = null, PhaseSince = now, OutputTokens = output,
        ContextTokens = status.ContextTokens + output, Ended = status.Ended.Add(new SegmentOutcome(uncached, output, device, null, null)),
    };
}
