using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;

namespace Astraea.Core.Scheduling;

/// <summary>Folds pictures of requests into the scheduler's state.</summary>
internal sealed class RequestFold(ISchedulingPolicy policy, SchedulerOptions options)
{
    /// <summary>Whether a picture says something new.</summary>
    public static bool IsNews(SchedulerState state, RequestStatus status) =>
        !state.HasEnded(status.Request) && (state.Find(status.Request) is not { } known || known.Status.Version < status.Version);

    public void Tell(SchedulerState state, RequestStatus status, Instant now)
    {
        LiveRequest? known = state.Find(status.Request);
        LiveRequest request = known ?? new LiveRequest(status);
        (request.LearnedSegments, request.LearnedTools) = state.Predictors.Learn(status, request.LearnedSegments, request.LearnedTools);
        RequestStatus? before = known?.Status;
        if (policy.WeighsTenants)
            FollowTenant(state, status, before);
        request.Status = status;
        if (known is null)
        {
            request.Paused = policy.Active is not null;
            state.Add(request);
            state.SetKv(request, status.Kv ?? InheritedKv(state, status));
        }
        else if (status.Kv != before!.Kv)
        {
            state.SetKv(request, status.Kv);
        }
        if (status.Phase is RequestPhase.Completed or RequestPhase.Failed or RequestPhase.Cancelled)
        {
            if (status.Phase == RequestPhase.Completed)
                state.Predictors.LearnCompleted(status);
            // What is freed may admit another; whoever held the lease is told so on its next pull.
            state.Revision++;
            request.Lease = null;
            state.Remove(request, options.EndedMax);
            return;
        }
        request.Orphaned = false;
        request.LastAttempt = Math.Max(request.LastAttempt, status.Attempt);
        FollowEstimates(state, request, before);
        FollowLease(request, now);
        CarryDiscard(state, request, before);
        FollowLevel(state, request, now);
        request.EndedSegments = status.Ended.Length;
        request.Status = Remembered(state, request);
        state.Place(request);
        if (request.List == LiveList.Ready)
            state.Revision++;
    }

    private static void FollowTenant(SchedulerState state, RequestStatus status, RequestStatus? before)
    {
        TenantShares tenants = state.Tenants ??= new TenantShares();
        if (before is null)
            tenants.Join(status.Tenant);
        else
            tenants.Serve(status.Tenant, status.AttainedSeconds - before.AttainedSeconds);
        if (status.Phase is RequestPhase.Completed or RequestPhase.Failed or RequestPhase.Cancelled)
            tenants.Leave(status.Tenant);
    }

    /// <summary>What is kept of a picture: its texts once for all requests, and its ended segments only while an estimate may be made again from them.</summary>
    /// <remarks>Whoever waits for a tool or runs is estimated anew from its next picture, which brings them all. Of a million requests they would be most of the memory.</remarks>
    private static RequestStatus Remembered(SchedulerState state, LiveRequest request)
    {
        RequestStatus status = request.Status;
        bool again = status.Phase == RequestPhase.Ready || request.EstimatedBlind;
        return status with
        {
            Pool = state.Pool,
            Tenant = new TenantId(state.Texts.One(status.Tenant.Value)),
            Category = state.Texts.One(status.Category),
            Tool = status.Tool is { } tool ? state.Texts.One(tool) : null,
            Worker = status.Worker is { } worker ? new WorkerId(state.Texts.One(worker.Value)) : null,
            Ended = again ? status.Ended : [],
        };
    }

    /// <summary>A follow-up begins where the request it goes on from has left its KV.</summary>
    private static KvPlace? InheritedKv(SchedulerState state, RequestStatus status)
    {
        if (status.Parent is not { } parent)
            return null;
        KvPlace? place = state.Find(parent)?.Kv ?? state.EndedKv(parent);
        if (place is null)
            return null;
        // The template of the new turn may differ in the last tokens, and one token is computed in any case.
        int shared = Math.Max(0, status.ContextTokens - 1);
        return place with { DeviceTokens = Math.Min(place.DeviceTokens, shared), HostTokens = Math.Min(place.HostTokens, shared), Decision = KvDecision.None };
    }

    private static void FollowEstimates(SchedulerState state, LiveRequest request, RequestStatus? before)
    {
        RequestStatus status = request.Status;
        if (status.Phase == RequestPhase.ToolWait)
            request.KeptTokens = status.ContextTokens;
        else if (before is null)
            request.KeptTokens = Math.Min(status.ContextTokens, request.Kv?.ResidentTokens ?? 0);
        if (status.Phase is RequestPhase.Ready or RequestPhase.Running)
            Estimates.Set(state, request);
    }

    private void FollowLease(LiveRequest request, Instant now)
    {
        RequestStatus status = request.Status;
        LeaseRecord? lease = request.Lease;
        if (status.Phase == RequestPhase.Running && status.Worker is { } worker)
        {
            // Started beats offered: a newer offer to somebody else is void unless that one has started too, and then it is held as running.
            bool same = lease is not null && lease.Attempt.Attempt == status.Attempt && lease.Worker == worker;
            RankInputs inputs = lease?.Inputs ?? Estimates.Inputs(request, Math.Max(0, status.Level), request.HomeSeconds, options.BlockTokens);
            if (!same || !lease!.Started)
            {
                request.Lease = new LeaseRecord(
                    new SegmentAttempt(status.Request, status.Segment, status.Attempt), worker, inputs with { ReadySince = null },
                    same && lease!.Guarded, false, true, now, null);
            }
            return;
        }
        // Ready: an offer of a later attempt than the picture knows still stands; any other lease has come back.
        bool stands = status.Phase == RequestPhase.Ready && lease is not null && lease.Attempt.Segment == status.Segment
            && lease.Attempt.Attempt > status.Attempt;
        if (!stands)
            request.Lease = null;
        if (status.Phase == RequestPhase.Ready)
            request.ReadySince = status.PhaseSince;
    }

    /// <summary>The paper charges a discarded request's recomputation to W (SCHEDULING.md §1): once for each discard.</summary>
    private void CarryDiscard(SchedulerState state, LiveRequest request, RequestStatus? before)
    {
        bool discarded = request.Status.Kv is { Decision: KvDecision.Discard } && request.Status.Kv != before?.Kv;
        if (policy.CarriesDiscards && discarded)
            request.CarriedSeconds += request.Status.ContextTokens * Estimates.Reference(state, request).PrefillSecondsPerToken;
    }

    private void FollowLevel(SchedulerState state, LiveRequest request, Instant now)
    {
        RequestStatus status = request.Status;
        if (request.Level < 0)
        {
            request.Level = status.Level >= 0 ? status.Level : ArrivalLevel(request, now);
            return;
        }
        for (int ended = request.EndedSegments; ended < status.Ended.Length; ended++)
        {
            SegmentOutcome outcome = status.Ended[ended];
            int cost = Math.Max(1, outcome.UncachedTokens + outcome.OutputTokens);
            double rest = state.Predictor.WorkAfter(status, ended, Estimates.Reference(state, request));
            request.Level = policy.Level(
                new LevelInputs(request.Level, cost, outcome.Tool is not null, request.Waited.TotalSeconds, 0, rest) { AttainedSeconds = status.AttainedSeconds }, now);
        }
        if (request.Lease is null && status.Phase == RequestPhase.Ready)
            request.Level = Estimates.Level(policy, request, now);
    }

    private int ArrivalLevel(LiveRequest request, Instant now) => policy.Level(
        new LevelInputs(-1, 0, false, 0, request.HomeSeconds, request.HomeSeconds + request.RestSeconds)
        {
            AttainedSeconds = request.Status.AttainedSeconds, UncachedTokens = request.Template.UncachedTokens,
        },
        now);

    /// <summary>Estimates made before any worker was known are made again with the first worker's costs.</summary>
    public void FirstWorker(SchedulerState state, Instant now)
    {
        foreach (LiveRequest request in state.Requests)
        {
            if (!request.EstimatedBlind)
                continue;
            Estimates.Set(state, request);
            if (request.IsReady && request.Status.Segment == 0 && request.Status.Attempt == 0)
                request.Level = ArrivalLevel(request, now);
            state.Place(request);
        }
    }
}
