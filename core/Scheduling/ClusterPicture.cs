using System.Collections.Immutable;
using Astraea.Core.Lifecycle;

namespace Astraea.Core.Scheduling;

/// <summary>Queues and workers as people see them.</summary>
internal static class ClusterPicture
{
    public static ClusterView Draw(SchedulerState state, ISchedulingPolicy policy, SchedulerOptions options, long epoch, Instant now)
    {
        var running = new Dictionary<WorkerId, int>();
        var queued = new Dictionary<WorkerId, int>();
        foreach (LiveRequest request in state.Leased)
        {
            Dictionary<WorkerId, int> count = request.Lease!.Started ? running : queued;
            count[request.Lease.Worker] = count.GetValueOrDefault(request.Lease.Worker) + 1;
        }
        ImmutableArray<WorkerView> workers = [.. state.Workers
            .Select(w => new WorkerView(
                w.Pull.Worker, w.Pull.BlocksTotal, w.BlocksLeft, w.HostBlocksLeft, running.GetValueOrDefault(w.Pull.Worker),
                queued.GetValueOrDefault(w.Pull.Worker), w.Pull.NumericsClass, w.Pull.Costs, now - w.HeardAt))
            .OrderBy(w => w.Worker.Value, StringComparer.Ordinal)];
        string room = PlanReasons.Room(state);
        ImmutableArray<RequestView> requests = [.. state.Requests
            .Select(r => View(state, policy, options, r, room, now))
            .OrderBy(r => r.Request)];
        return new ClusterView(state.Pool, policy.Name, epoch, workers, requests);
    }

    private static RequestView View(SchedulerState state, ISchedulingPolicy policy, SchedulerOptions options, LiveRequest request, string room, Instant now)
    {
        RequestStatus status = request.Status;
        int pool = (request.Home ?? (state.Workers.Count > 0 ? state.Workers[0] : null))?.Pull.BlocksTotal ?? 1;
        int level = Math.Max(0, request.Level);
        RankInputs inputs = request.Lease?.Inputs ?? Estimates.Inputs(request, level, request.HomeSeconds, options.BlockTokens);
        Rank rank = policy.Rank(inputs, pool, now);
        bool wants = status.Phase is RequestPhase.Ready or RequestPhase.Running;
        return new RequestView(
            status.Request, status.Tenant, status.Category, status.Phase, status.Segment, level, wants ? rank.Score : 0,
            request.Lease?.Guarded ?? (request.IsReady && rank.Band == Rank.GuardBand), request.Lease?.Worker, request.Kv, status.ContextTokens,
            status.OutputTokens, request.WaitedSeconds(now), wants ? request.HomeSeconds + request.RestSeconds : request.RestSeconds,
            request.IsReady ? PlanReasons.Waiting(request, room, options.BlockTokens, now) : request.Note);
    }
}
