using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Prediction;

namespace Astraea.Core.Scheduling;

/// <summary>What predictors and costs say of a request: made when a segment becomes ready, so that scanning the queue only adds and multiplies.</summary>
internal static class Estimates
{
    /// <summary>Costs assumed until a worker has said its own.</summary>
    public static CostProfile UnknownCosts { get; } = new(1e-3, 2e-2, 1e-4, 2e-4);

    /// <summary>Costs with which a request is judged independent of who asks: its home's, else the first worker's.</summary>
    public static CostProfile Reference(SchedulerState state, LiveRequest request) =>
        (request.Home ?? (state.Workers.Count > 0 ? state.Workers[0] : null))?.Pull.Costs ?? UnknownCosts;

    /// <summary>Sets the estimates of a request that is ready or running.</summary>
    public static void Set(SchedulerState state, LiveRequest request)
    {
        RequestStatus status = request.Status;
        double total = state.Predictor.OutputTotal(status);
        CostProfile costs = Reference(state, request);
        request.OutputAhead = total - status.OutputTokens;
        request.RestSeconds = state.Predictor.WorkAfter(status, status.Segment, costs);
        (int device, int host) = request.Kv is { } kv ? (kv.DeviceTokens, kv.HostTokens) : (0, 0);
        request.HomeSeconds = ServiceCost.SegmentSeconds(costs, status.ContextTokens, device, host, request.OutputAhead);
        bool first = request.EstimatedSegment != status.Segment;
        request.Template = Template(state, request, costs, first ? status.PhaseSince : request.Template.SegmentSince);
        if (!first && !request.EstimatedBlind)
            return;
        int input = status.ContextTokens - status.OutputTokens;
        request.IsolatedSeconds = ServiceCost.SegmentSeconds(costs, input, Math.Min(request.KeptTokens, input), 0, total);
        request.EstimatedSegment = status.Segment;
        request.EstimatedBlind = state.Workers.Count == 0;
    }

    /// <summary>Service of the rest of the segment on one worker (device seconds).</summary>
    public static double SegmentSeconds(LiveRequest request, WorkerId worker, CostProfile costs)
    {
        (int device, int host) = request.Kv is { } kv && kv.Worker == worker ? (kv.DeviceTokens, kv.HostTokens) : (0, 0);
        return ServiceCost.SegmentSeconds(costs, request.Status.ContextTokens, device, host, request.OutputAhead);
    }

    /// <summary>What the request is ranked by on one worker.</summary>
    public static RankInputs Inputs(LiveRequest request, int level, double segmentSeconds, int blockTokens)
    {
        Instant? readySince = request.IsReady ? request.ReadySince : null;
        return request.Template with
        {
            Level = level, Waited = request.Waited, ReadySince = readySince, SegmentSeconds = segmentSeconds,
            RemainingSeconds = segmentSeconds + request.RestSeconds, IsolatedSeconds = request.IsolatedSeconds, Blocks = request.BlocksAtEnd(blockTokens),
        };
    }

    private static RankInputs Template(SchedulerState state, LiveRequest request, CostProfile costs, Instant segmentSince)
    {
        RequestStatus status = request.Status;
        int context = status.ContextTokens;
        return new RankInputs(status.Request, status.SubmittedAt, 0, TimeSpan.Zero, null, 0, 0, 0, 0)
        {
            SegmentSince = segmentSince,
            AttainedSeconds = status.AttainedSeconds,
            ContextTokens = context,
            UncachedTokens = Math.Max(1, context - (request.Kv?.ResidentTokens ?? 0)),
            OutputTokens = request.OutputAhead,
            ToolSeconds = state.Predictor.ToolAfter(status),
            RecomputeSeconds = context * costs.PrefillSecondsPerToken,
            SwapSeconds = context * costs.SwapSecondsPerToken,
            Pinned = request.Kv is { Decision: KvDecision.Preserve },
            Idleness = IdleShare.Of(status),
            TenantLead = state.Tenants?.Lead(status.Tenant) ?? 0,
        };
    }

    /// <summary>The level of a waiting request now.</summary>
    public static int Level(ISchedulingPolicy policy, LiveRequest request, Instant now) => policy.Level(LevelInputs(request, now), now);

    /// <summary>What the level of a waiting request follows from.</summary>
    public static LevelInputs LevelInputs(LiveRequest request, Instant now) =>
        new(request.Level, 0, false, request.WaitedSeconds(now), request.HomeSeconds, request.HomeSeconds + request.RestSeconds)
        {
            AttainedSeconds = request.Status.AttainedSeconds, UncachedTokens = request.Template.UncachedTokens,
        };
}
