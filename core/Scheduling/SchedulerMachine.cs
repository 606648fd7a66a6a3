using System.Diagnostics;
using Astraea.Core.Lifecycle;
using Astraea.Core.Machines;
using Astraea.Core.Prediction;

namespace Astraea.Core.Scheduling;

/// <summary>The scheduler of one pool: pictures of requests and pulls of workers in, leases, revokes and migrations out (SCHEDULING.md §5).</summary>
/// <remarks>Its events are not stored: after a restart, pictures and held leases tell all that matters. The key is the pool's name.</remarks>
public sealed class SchedulerMachine : IMachine<SchedulerState, SchedulerMessage, SchedulerEvent, SchedulerReply, SchedulerEffect>
{
    private readonly ISchedulingPolicy _policy;
    private readonly SchedulerOptions _options;
    private readonly long _epoch;
    private readonly RequestFold _fold;
    private readonly Func<IPredictor> _predictor;

    /// <summary>Takes the policy, the bounds, and the epoch of this scheduler (it must grow from one scheduler of a pool to the next).</summary>
    /// <param name="policy">How requests are ordered.</param>
    /// <param name="options">Bounds and times.</param>
    /// <param name="epoch">Of this scheduler.</param>
    /// <param name="predictor">Makes what a state begins with believing; null is to know nothing and learn.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public SchedulerMachine(ISchedulingPolicy policy, SchedulerOptions? options = null, long epoch = 1, Func<IPredictor>? predictor = null)
    {
        _policy = policy;
        _options = options ?? new SchedulerOptions();
        _epoch = epoch;
        _predictor = predictor ?? (static () => new Predictors());
        SchedulingPolicies.Require(_options.Errors());
        _fold = new RequestFold(policy, _options);
    }

    /// <inheritdoc/>
    public SchedulerState Initial(string key) => new(new PoolId(key), _predictor(), new ReadyRowWriter(_policy, _options));

    /// <inheritdoc/>
    public Decision<SchedulerEvent, SchedulerReply> Handle(SchedulerState state, SchedulerMessage message, Instant now) => message switch
    {
        SchedulerMessage.Tell tell => RequestFold.IsNews(state, tell.Status)
            ? Decision.Commit<SchedulerEvent, SchedulerReply>(new SchedulerReply.Heard(), new SchedulerEvent.Told(tell.Status, now))
            : Decision.Answer<SchedulerEvent, SchedulerReply>(new SchedulerReply.Heard()),
        SchedulerMessage.Pull pull => Plan(state, pull.Request, now),
        SchedulerMessage.Look => Decision.Answer<SchedulerEvent, SchedulerReply>(
            new SchedulerReply.Seen(ClusterPicture.Draw(state, _policy, _options, _epoch, now))),
        SchedulerMessage.Sweep => Sweep(state, now),
        _ => throw new UnreachableException(),
    };

    /// <inheritdoc/>
    public void Apply(SchedulerState state, SchedulerEvent happened)
    {
        state.FirstAt ??= happened.At;
        state.LastAt = happened.At;
        switch (happened)
        {
            case SchedulerEvent.Told told:
                _fold.Tell(state, told.Status, told.At);
                break;
            case SchedulerEvent.WorkerHeard heard:
                Hear(state, heard.Pull, heard.At);
                break;
            case SchedulerEvent.Leased leased:
                Lease(state, leased);
                break;
            case SchedulerEvent.LeaseAdopted adopted:
                Adopt(state, adopted);
                break;
            case SchedulerEvent.LeaseMissed missed:
                if (state.Find(missed.Attempt.Request) is { Lease: { } lease } late && lease.Attempt == missed.Attempt)
                    late.Lease = lease with { MissingSince = missed.At };
                break;
            case SchedulerEvent.LeaseReturned returned:
                if (state.Find(returned.Attempt.Request) is { Lease: { } back } request && back.Attempt == returned.Attempt)
                    Return(state, request, returned.Reason, returned.At);
                break;
            case SchedulerEvent.WorkerLost lost:
                Lose(state, lost.Worker, lost.At);
                break;
            case SchedulerEvent.LevelMoved moved:
                if (state.Find(moved.Request) is { } movedRequest)
                {
                    movedRequest.Level = moved.Level;
                    state.Place(movedRequest);
                }
                break;
            case SchedulerEvent.MigrationOrdered ordered:
                OrderMigration(state, ordered);
                break;
            case SchedulerEvent.WakeWanted wanted:
                if (state.WakeAt is not { } wake || wanted.Wake < wake)
                    state.WakeAt = wanted.Wake;
                break;
            case SchedulerEvent.Swept swept:
                state.Revision++;
                if (state.WakeAt is { } due && due <= swept.At)
                    state.WakeAt = null;
                break;
            default:
                throw new UnreachableException();
        }
    }

    /// <inheritdoc/>
    public void Owed(SchedulerState state, ICollection<SchedulerEffect> due)
    {
        if (state.WakeAt is { } at)
            due.Add(new SchedulerEffect.WakeAt(at));
    }

    private Decision<SchedulerEvent, SchedulerReply> Plan(SchedulerState state, PullRequest pull, Instant now)
    {
        // Before as well as after: a plan that failed half way has left its part.
        state.Scratch.Clear();
        List<SchedulerEvent> events = state.Scratch.Events;
        events.Add(new SchedulerEvent.WorkerHeard(pull, now));
        var held = new HeldLeaseReview(state, _options, pull, now, events);
        var loads = new PullLoads(state, pull, now);
        var planner = new LeasePlanner(state, _policy, _options, pull, now, held, loads, events);
        planner.Plan();
        Migration? migration = MigrationPlanner.Plan(state, _options, pull, now, loads, events);
        var plan = new Plan(_epoch, planner.Leases, held.Revokes, migration is null ? [] : [migration]);
        var decision = new Decision<SchedulerEvent, SchedulerReply>([.. events], new SchedulerReply.Planned(plan));
        state.Scratch.Clear();
        return decision;
    }

    private Decision<SchedulerEvent, SchedulerReply> Sweep(SchedulerState state, Instant now)
    {
        List<SchedulerEvent> events = [];
        foreach (KnownWorker worker in state.Workers)
        {
            if (now - worker.HeardAt > _options.WorkerLostAfter)
                events.Add(new SchedulerEvent.WorkerLost(worker.Pull.Worker, now));
        }
        foreach (LiveRequest request in state.Leased)
        {
            LeaseRecord lease = request.Lease!;
            TimeSpan age = now - lease.At;
            if (!lease.Started && age > _options.LeaseStartWithin)
                events.Add(new SchedulerEvent.LeaseReturned(lease.Attempt, $"not started within {_options.LeaseStartWithin.TotalSeconds:0.#} s", now));
            else if (lease.Started && age > _options.WorkerLostAfter && state.FindWorker(lease.Worker) is null)
                events.Add(new SchedulerEvent.LeaseReturned(lease.Attempt, $"{lease.Worker} is not heard of", now));
        }
        events.Add(new SchedulerEvent.Swept(now));
        return new Decision<SchedulerEvent, SchedulerReply>([.. events], new SchedulerReply.Heard());
    }

    private void Hear(SchedulerState state, PullRequest pull, Instant now)
    {
        if (state.FindWorker(pull.Worker) is { } worker)
        {
            // Other figures may make room, or end the hope that another worker has some; equal ones cannot, and must not wake parked pulls.
            if (worker.SlotsLeft != pull.Slots || worker.BlocksLeft != pull.BlocksFree)
                state.Revision++;
            worker.Hear(pull, now);
        }
        else
        {
            state.Revision++;
            state.Join(pull, now);
            if (state.Workers.Count == 1)
                _fold.FirstWorker(state, now);
        }
        foreach (KvResidence residence in pull.Residence)
            Reside(state, pull.Worker, residence);
        if (_policy.Active is { } active && state.FindWorker(pull.Worker) is { } heard)
            ActiveSet.Refresh(state, active, heard, _options.BlockTokens, now);
    }

    /// <summary>A worker knows best what itself holds; about KV that is elsewhere it only has a say when it holds more.</summary>
    private static void Reside(SchedulerState state, WorkerId worker, KvResidence residence)
    {
        if (residence.Place.Worker != worker)
            return;
        if (state.Find(residence.Request) is not { } request)
        {
            state.HintEnded(residence.Request, residence.Place);
            return;
        }
        bool better = request.Kv is not { } kv || kv.Worker == worker || residence.Place.ResidentTokens > kv.ResidentTokens;
        if (!better)
            return;
        state.SetKv(request, residence.Place);
        // A segment lost with its worker keeps its estimates: what they were made from comes with its next picture.
        if (request.IsReady && !request.Orphaned)
            Estimates.Set(state, request);
        state.Place(request);
    }

    private static void Lease(SchedulerState state, SchedulerEvent.Leased leased)
    {
        if (state.Find(leased.Attempt.Request) is not { } request)
            return;
        request.Lease = new LeaseRecord(
            leased.Attempt, leased.Worker, leased.Inputs, leased.Guarded, leased.Beyond, false, leased.At, null);
        request.LastAttempt = leased.Attempt.Attempt;
        request.Note = leased.Reason;
        state.Place(request);
        if (state.FindWorker(leased.Worker) is not { } worker)
            return;
        worker.SlotsLeft--;
        worker.BlocksLeft -= leased.Blocks;
    }

    private void Adopt(SchedulerState state, SchedulerEvent.LeaseAdopted adopted)
    {
        if (state.Find(adopted.Attempt.Request) is not { } request)
            return;
        LeaseRecord? known = request.Lease is { } lease && lease.Attempt == adopted.Attempt && lease.Worker == adopted.Worker ? lease : null;
        RankInputs inputs = known?.Inputs ?? Estimates.Inputs(request, Math.Max(0, request.Level), request.HomeSeconds, _options.BlockTokens);
        request.Lease = known is not null
            ? known with { MissingSince = null }
            : new LeaseRecord(adopted.Attempt, adopted.Worker, inputs, false, false, adopted.Running, adopted.At, null);
        request.LastAttempt = Math.Max(request.LastAttempt, adopted.Attempt.Attempt);
        request.Orphaned = false;
        if (known is null)
            request.Note = $"{adopted.Worker} holds attempt {adopted.Attempt.Attempt}";
        state.Place(request);
    }

    private static void Return(SchedulerState state, LiveRequest request, string reason, Instant now)
    {
        // A segment that was running starts to wait now; an offer never started has been waiting all along.
        if (request.Status.Phase == RequestPhase.Running)
            request.ReadySince = now;
        request.Orphaned = request.Status.Phase == RequestPhase.Running;
        request.Lease = null;
        request.Note = reason;
        state.Place(request);
        state.Revision++;
    }

    private static void Lose(SchedulerState state, WorkerId id, Instant now)
    {
        if (state.FindWorker(id) is not { } worker)
            return;
        state.Leave(worker);
        foreach (LiveRequest request in state.LeasesOf(id))
            Return(state, request, $"{id} is lost", now);
        state.Revision++;
    }

    private static void OrderMigration(SchedulerState state, SchedulerEvent.MigrationOrdered ordered)
    {
        if (state.Find(ordered.Request) is { } request)
        {
            request.MigrationAt = ordered.At;
            request.Note = $"KV ordered to {ordered.Target}";
            // On its way it counts there already, or the next order would go to the same worker for the same reason.
            if (request.List == LiveList.Idle)
                SchedulerState.CountIdle(request, state.FindWorker(ordered.Target));
        }
        if (state.FindWorker(ordered.Target) is { } target)
            target.HostBlocksLeft -= ordered.Blocks;
    }
}
