using System.Collections.Immutable;
using Astraea.Core.Determinism;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Tests.Scheduling;

/// <summary>One segment of a scripted request.</summary>
/// <param name="New">New input (tokens).</param>
/// <param name="Output">Output (tokens).</param>
/// <param name="ToolSeconds">Tool wait after it; null ends the request.</param>
internal sealed record ScriptSegment(int New, int Output, double? ToolSeconds);

internal sealed record Script(int Id, double At, string Category, ImmutableArray<ScriptSegment> Segments);

/// <summary>
/// A closed system in virtual time: scripted requests, workers that share their device among running sequences, and the real scheduler machine.
/// Workers do what the design asks of them: rank as the scheduler does, displace lower bands, give the guard lane its share first in, first out.
/// </summary>
internal sealed class VirtualCluster
{
    public const double Step = 0.04;

    private readonly ISchedulingPolicy _policy;
    private readonly EventQueue<Action> _future = new();
    private readonly Dictionary<RequestId, Agent> _agents = [];
    private readonly Instant _start;

    public VirtualCluster(ISchedulingPolicy policy, SchedulerOptions? options = null)
    {
        _policy = policy;
        Desk = new SchedulerDesk(policy, options);
        _start = Desk.Now;
    }

    public SchedulerDesk Desk { get; }

    /// <summary>Chance that a plan never reaches its worker.</summary>
    public double PlanLoss { get; set; }

    /// <summary>Decides faults.</summary>
    public SeededGenerator Faults { get; set; } = new(1);

    public List<VirtualWorker> Workers { get; } = [];

    public double Time => (Desk.Now - _start).TotalSeconds;

    public int Completed { get; private set; }

    /// <summary>Called with each plan.</summary>
    public Action<VirtualWorker, Plan>? Pulled { get; set; }

    /// <summary>Every wait that ended in a start.</summary>
    public List<EndedWait> Waits { get; } = [];

    public bool Has(int id) => _agents.ContainsKey(SchedulerDesk.Id(id));

    public int Starts(int id) => _agents.TryGetValue(SchedulerDesk.Id(id), out Agent? agent) ? agent.Starts : 0;

    public VirtualWorker AddWorker(string name, int blocks, int slots, CostProfile? costs = null)
    {
        var worker = new VirtualWorker(name, blocks, slots, costs ?? SchedulerDesk.Costs);
        Workers.Add(worker);
        return worker;
    }

    /// <summary>A worker dies at a moment, with all it holds, and comes back empty later.</summary>
    public void Crash(VirtualWorker worker, double at, double forSeconds)
    {
        _future.Add(_start + TimeSpan.FromSeconds(at), () =>
        {
            worker.Alive = false;
            worker.Sequences.Clear();
        });
        _future.Add(_start + TimeSpan.FromSeconds(at + forSeconds), () => worker.Alive = true);
    }

    public void Add(Script script) => _future.Add(_start + TimeSpan.FromSeconds(script.At), () => Arrive(script));

    /// <summary>Runs until everything has completed or the time is up; true in the first case.</summary>
    public bool Run(double untilSeconds)
    {
        double nextSweep = Time + 5;
        while (Time < untilSeconds)
        {
            while (_future.TryPeek(out Instant at) && at <= Desk.Now && _future.TryTake(out _, out Action? act))
                act();
            if (Time >= nextSweep)
            {
                Desk.Sweep();
                nextSweep += 5;
            }
            WatchLane();
            foreach (VirtualWorker worker in Workers)
            {
                if (worker.Alive)
                    Turn(worker);
            }
            if (_future.Count == 0 && Desk.State.LiveRequests == 0)
                return true;
            Desk.Pass(Step);
        }
        return false;
    }

    /// <summary>Notes, for each segment that has just waited D, how much work stands before it in the lane.</summary>
    private void WatchLane()
    {
        double running = Workers.Sum(w => w.Sequences.Where(s => s.Running && s.Guarded).Sum(s => s.LeftSeconds));
        Agent[] waiting = [.. _agents.Values.Where(a => a.Status.Phase == RequestPhase.Ready)];
        double ahead = running + waiting.Where(a => a.LaneAhead is not null).Sum(Service);
        foreach (Agent agent in waiting.Where(a => a.LaneAhead is null && (Desk.Now - a.Status.PhaseSince).TotalSeconds > _policy.GuardAfter * Isolated(a)))
        {
            agent.LaneAhead = ahead;
            ahead += Service(agent);
        }
    }

    private static double Isolated(Agent agent)
    {
        ScriptSegment script = agent.Script.Segments[agent.Status.Segment];
        return script.New * SchedulerDesk.Costs.PrefillSecondsPerToken + script.Output * SchedulerDesk.Costs.DecodeSecondsPerToken;
    }

    /// <summary>What the segment takes when it starts with the KV it has.</summary>
    private static double Service(Agent agent)
    {
        int missing = Math.Max(1, agent.Status.ContextTokens - (agent.Status.Kv?.ResidentTokens ?? 0));
        return agent.LeftSeconds ?? missing * SchedulerDesk.Costs.PrefillSecondsPerToken
            + agent.Script.Segments[agent.Status.Segment].Output * SchedulerDesk.Costs.DecodeSecondsPerToken;
    }

    private void Arrive(Script script)
    {
        ScriptSegment first = script.Segments[0];
        RequestStatus status = Desk.Arrived(script.Id, first.New, first.Output, script.Category);
        _agents.Add(status.Request, new Agent(script, status));
        Desk.Tell(status);
    }

    private void Turn(VirtualWorker worker)
    {
        // A takeover stops the attempt before it.
        worker.Sequences.RemoveAll(s => s.Running && _agents[s.Lease.Attempt.Request].Status.Attempt > s.Lease.Attempt.Attempt);
        Plan plan = Desk.Pull(worker.Pull());
        Pulled?.Invoke(worker, plan);
        if (PlanLoss > 0 && Faults.NextDouble() < PlanLoss)
            return;
        foreach (Revoke revoke in plan.Revokes)
            worker.Drop(revoke.Attempt);
        foreach (Lease lease in plan.Leases)
            worker.Sequences.Add(new Sequence(lease));
        Admit(worker);
        foreach (Sequence done in worker.Advance(_policy.GuardShare, Step))
            End(worker, done);
    }

    private void Admit(VirtualWorker worker)
    {
        foreach (Sequence next in worker.Sequences.Where(s => !s.Running).OrderBy(s => _policy.Rank(s.Lease.Inputs, worker.Blocks, Desk.Now)).ToArray())
        {
            Rank rank = _policy.Rank(next.Lease.Inputs, worker.Blocks, Desk.Now);
            while (!worker.Fits(next) && _policy.PreemptsRunning && worker.Lowest(rank.Band) is { } victim)
                SetAside(worker, victim);
            if (!worker.Fits(next))
                continue;
            Start(worker, next, rank.Band == Rank.GuardBand);
        }
    }

    private void Start(VirtualWorker worker, Sequence sequence, bool guarded)
    {
        SegmentAttempt attempt = sequence.Lease.Attempt;
        Agent agent = _agents[attempt.Request];
        RequestStatus status = agent.Status;
        bool current = attempt.Segment == status.Segment && attempt.Attempt > status.Attempt
            && status.Phase is RequestPhase.Ready or RequestPhase.Running;
        if (!current)
        {
            worker.Sequences.Remove(sequence);
            return;
        }
        double wait = (Desk.Now - sequence.Lease.Inputs.ReadySince!.Value).TotalSeconds;
        Waits.Add(new EndedWait(attempt.Request, wait, Isolated(agent), guarded ? agent.LaneAhead : null));
        agent.LaneAhead = null;
        ScriptSegment script = agent.Script.Segments[status.Segment];
        int resident = status.Kv is { } kv && kv.Worker == worker.Id ? kv.ResidentTokens : 0;
        double left = agent.LeftSeconds ?? Math.Max(1, status.ContextTokens - resident) * worker.Costs.PrefillSecondsPerToken
            + script.Output * worker.Costs.DecodeSecondsPerToken;
        sequence.Begin(left, guarded);
        agent.Starts++;
        agent.Status = status.Started(attempt, worker.Id.Value, Desk.Now) with { Level = sequence.Lease.Inputs.Level };
        Desk.Tell(agent.Status);
    }

    private void SetAside(VirtualWorker worker, Sequence victim)
    {
        worker.Sequences.Remove(victim);
        Agent agent = _agents[victim.Lease.Attempt.Request];
        agent.LeftSeconds = victim.LeftSeconds;
        agent.Status = agent.Status with { Version = agent.Status.Version + 1, Phase = RequestPhase.Ready, Worker = null, PhaseSince = Desk.Now };
        Desk.Tell(agent.Status);
    }

    private void End(VirtualWorker worker, Sequence sequence)
    {
        Agent agent = _agents[sequence.Lease.Attempt.Request];
        if (agent.Status.Attempt != sequence.Lease.Attempt.Attempt)
            return;
        ScriptSegment script = agent.Script.Segments[agent.Status.Segment];
        double device = sequence.TotalSeconds;
        agent.LeftSeconds = null;
        if (script.ToolSeconds is not { } tool)
        {
            agent.Status = agent.Status.Completed(Desk.Now, script.New, script.Output, device);
            Completed++;
            Desk.Tell(agent.Status);
            return;
        }
        int context = agent.Status.ContextTokens + script.Output;
        KvPlace place = SchedulerDesk.Place(worker.Id.Value, context / 16 * 16, 0, KvDecision.Swap);
        agent.Status = agent.Status.EndedInTool(Desk.Now, script.New, script.Output, "tool", place, device);
        Desk.Tell(agent.Status);
        _future.Add(Desk.Now + TimeSpan.FromSeconds(tool), () =>
        {
            ScriptSegment next = agent.Script.Segments[agent.Status.Segment + 1];
            agent.Status = agent.Status.ResultsCame(Desk.Now, next.New, next.Output);
            Desk.Tell(agent.Status);
        });
    }

    private sealed class Agent(Script script, RequestStatus status)
    {
        public Script Script { get; } = script;

        public RequestStatus Status { get; set; } = status;

        public int Starts { get; set; }

        /// <summary>Work left of a segment that was set aside.</summary>
        public double? LeftSeconds { get; set; }

        /// <summary>Lane work ahead when it joined; null while it has not.</summary>
        public double? LaneAhead { get; set; }
    }
}

/// <param name="Request">Who waited.</param>
/// <param name="Seconds">How long (s).</param>
/// <param name="IsolatedSeconds">Its segment's service on an idle worker with KV kept (s).</param>
/// <param name="LaneAheadSeconds">Work ahead in the guard lane when it joined (s); null when it started outside the lane.</param>
internal sealed record EndedWait(RequestId Request, double Seconds, double IsolatedSeconds, double? LaneAheadSeconds);

internal sealed class Sequence(Lease lease)
{
    public Lease Lease { get; } = lease;

    public bool Running { get; private set; }

    public bool Guarded { get; private set; }

    public double LeftSeconds { get; set; }

    public double TotalSeconds { get; private set; }

    public void Begin(double seconds, bool guarded)
    {
        Running = true;
        Guarded = guarded;
        LeftSeconds = seconds;
        TotalSeconds = seconds;
    }
}

internal sealed class VirtualWorker(string name, int blocks, int slots, CostProfile costs)
{
    public WorkerId Id { get; } = new(name);

    public int Blocks { get; } = blocks;

    public CostProfile Costs { get; } = costs;

    public bool Alive { get; set; } = true;

    public List<Sequence> Sequences { get; } = [];

    private int Running => Sequences.Count(s => s.Running);

    private int BlocksFree => Blocks - Sequences.Where(s => s.Running).Sum(s => s.Lease.Inputs.Blocks);

    public PullRequest Pull() => SchedulerDesk.Idle(
        Id.Value, Blocks, slots - Running, BlocksFree, [.. Sequences.Select(s => new HeldLease(s.Lease.Attempt, s.Running))], Costs);

    public bool Fits(Sequence sequence) => Running < slots && sequence.Lease.Inputs.Blocks <= BlocksFree;

    public void Drop(SegmentAttempt attempt) => Sequences.RemoveAll(s => s.Lease.Attempt == attempt);

    /// <summary>The running sequence of the lowest band below the given one; what came through the guard lane is not displaced.</summary>
    public Sequence? Lowest(int aboveBand) =>
        Sequences.Where(s => s.Running && !s.Guarded && s.Lease.Inputs.Level > aboveBand).MaxBy(s => s.Lease.Inputs.Level);

    /// <summary>Gives one step of device time: the lane's share to its oldest, the rest to all alike.</summary>
    public List<Sequence> Advance(double guardShare, double seconds)
    {
        double rest = seconds;
        if (Sequences.Find(s => s.Running && s.Guarded) is { } oldest)
        {
            oldest.LeftSeconds -= guardShare * seconds;
            rest -= guardShare * seconds;
        }
        Sequence[] running = [.. Sequences.Where(s => s.Running)];
        foreach (Sequence sequence in running)
            sequence.LeftSeconds -= rest / running.Length;
        Sequence[] done = [.. running.Where(s => s.LeftSeconds <= 1e-9)];
        Sequences.RemoveAll(s => done.Contains(s));
        return [.. done];
    }
}
