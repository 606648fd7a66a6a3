using Astraea.Core.Lifecycle;
using Astraea.Core.Placement;
using Astraea.Core.Prediction;

namespace Astraea.Core.Scheduling;

/// <summary>Chooses idle KV that the asking worker shall send elsewhere: at most one request in each pull.</summary>
internal static class MigrationPlanner
{
    public static Migration? Plan(
        SchedulerState state, SchedulerOptions options, PullRequest pull, Instant now, PullLoads loads, List<SchedulerEvent> events)
    {
        if (!options.Placement.Migrate)
            return null;
        WorkerLoad source = loads.Here(pull.Slots > 0 && pull.BlocksFree > 0);
        if (Target(state, pull, loads, source, options) is not { } target)
            return null;
        WorkerLoad targetLoad = loads.Of(target, 0);
        double sourceResident = source.BacklogSeconds + IdleSeconds(state, pull.Worker, pull.Costs);
        double targetResident = targetLoad.BacklogSeconds + IdleSeconds(state, target.Pull.Worker, target.Pull.Costs);
        LiveRequest? best = null;
        double bestGain = 0, bestChance = 0;
        foreach (LiveRequest request in state.Idle)
        {
            if (!Movable(request, pull, target, options, now))
                continue;
            int tokens = request.Kv!.ResidentTokens;
            double copy = tokens * pull.Costs.MigrateSecondsPerToken;
            double elapsed = Math.Max(0, (now - request.Status.PhaseSince).TotalSeconds);
            double chance = state.Predictor.ToolWorksOn(request.Status, elapsed, copy);
            double service = NextSeconds(request, pull.Costs);
            if (!MigrationRule.EvensOut(service, sourceResident, targetResident))
                continue;
            var kv = new IdleKv(tokens, copy, tokens * target.Pull.Costs.SwapSecondsPerToken, service, chance);
            double gain = MigrationRule.Gain(kv, source, targetLoad, options.Placement);
            bool better = gain > bestGain || (gain > 0 && gain == bestGain && request.Status.Request.CompareTo(best!.Status.Request) < 0);
            if (better)
                (best, bestGain, bestChance) = (request, gain, chance);
        }
        if (best is null)
            return null;
        int blocks = LiveRequest.Blocks(best.Kv!.ResidentTokens, options.BlockTokens);
        events.Add(new SchedulerEvent.MigrationOrdered(best.Status.Request, target.Pull.Worker, blocks, now));
        return new Migration(
            best.Status.Request, best.Status.Tenant, best.Kv, target.Pull.Worker, target.Pull.DataPlane, pull.NumericsClass, "",
            PlanReasons.Migration(best, target, bestChance, bestGain));
    }

    /// <summary>Next segments of agents that wait for their tools with KV on a worker (device seconds).</summary>
    private static double IdleSeconds(SchedulerState state, WorkerId worker, CostProfile costs)
    {
        double seconds = 0;
        foreach (LiveRequest request in state.Idle)
            seconds += request.Kv is { } kv && kv.Worker == worker ? NextSeconds(request, costs) : 0;
        return seconds;
    }

    /// <summary>The segment after the tool's answer, its KV kept; what the answer will be is not known yet.</summary>
    private static double NextSeconds(LiveRequest request, CostProfile costs) => ServiceCost.SegmentSeconds(
        costs, request.Status.ContextTokens, request.Kv!.ResidentTokens, request.Kv.ResidentTokens, OutputLength.PriorTokens);

    /// <summary>The least loaded worker of the same numerics class that can take KV, if it is clearly less loaded.</summary>
    private static KnownWorker? Target(SchedulerState state, PullRequest pull, PullLoads loads, WorkerLoad source, SchedulerOptions options)
    {
        KnownWorker? target = null;
        foreach (KnownWorker worker in state.Workers)
        {
            bool usable = worker.Pull.Worker != pull.Worker && worker.Pull.NumericsClass == pull.NumericsClass
                && worker.Pull.DataPlane.Length > 0 && worker.HostBlocksLeft > 0;
            if (usable && (target is null || loads.Of(worker, 0).BacklogSeconds < loads.Of(target, 0).BacklogSeconds))
                target = worker;
        }
        bool lighter = target is not null
            && loads.Of(target, 0).BacklogSeconds + options.Placement.MigrationGainSeconds <= source.BacklogSeconds;
        return lighter ? target : null;
    }

    private static bool Movable(LiveRequest request, PullRequest pull, KnownWorker target, SchedulerOptions options, Instant now) =>
        request.Kv is { } kv && kv.Worker == pull.Worker && kv.TipKey.Length > 0
        && LiveRequest.Blocks(kv.ResidentTokens, options.BlockTokens) <= target.HostBlocksLeft
        && request.Status.ContextTokens < target.Pull.ContextTokensMax
        && (request.MigrationAt is not { } ordered || now - ordered > options.Placement.MigrationAgain);
}
