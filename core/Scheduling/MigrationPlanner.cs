using Astraea.Core.Placement;
using Astraea.Core.Prediction;

namespace Astraea.Core.Scheduling;

/// <summary>Chooses idle KV that the asking worker shall send elsewhere: at most one request in each pull.</summary>
internal static class MigrationPlanner
{
    public static Migration? Plan(
        SchedulerState state, SchedulerOptions options, PullRequest pull, Instant now, PullLoads loads, List<SchedulerEvent> events)
    {
        if (!options.Placement.Migrate || loads.Self is not { Idle.Count: > 0 } self)
            return null;
        WorkerLoad source = loads.Here(pull.Slots > 0 && pull.BlocksFree > 0);
        if (Target(state, pull, loads, source, options) is not { } target)
            return null;
        WorkerLoad targetLoad = loads.Of(target, 0, 0);
        double sourceResident = source.BacklogSeconds + self.IdleSeconds;
        double targetResident = targetLoad.BacklogSeconds + target.IdleSeconds;
        LiveRequest? best = null;
        double bestGain = 0, bestChance = 0;
        foreach (LiveRequest request in self.Idle)
        {
            if (!Movable(request, target, options, now))
                continue;
            int tokens = request.Kv!.ResidentTokens;
            double copy = tokens * pull.Costs.MigrateSecondsPerToken;
            double service = NextSeconds(request, pull.Costs);
            if (!MigrationRule.EvensOut(service, sourceResident, targetResident))
                continue;
            // The chance takes longest to work out, so it is asked last, and only of whoever would be the best if the tool works on.
            var kv = new IdleKv(tokens, copy, tokens * target.Pull.Costs.SwapSecondsPerToken, service, 1);
            double gain = MigrationRule.Gain(kv, source, targetLoad, options.Placement);
            bool better = gain > bestGain || (gain > 0 && gain == bestGain && request.Status.Request.CompareTo(best!.Status.Request) < 0);
            if (!better)
                continue;
            double elapsed = Math.Max(0, (now - request.Status.PhaseSince).TotalSeconds);
            double chance = state.Predictor.ToolWorksOn(request.Status, elapsed, copy);
            if (MigrationRule.Gain(kv with { ChanceStillWaiting = chance }, source, targetLoad, options.Placement) > 0)
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

    /// <summary>The segment after the tool's answer, its KV kept; what the answer will be is not known yet.</summary>
    private static double NextSeconds(LiveRequest request, CostProfile costs) => ServiceCost.SegmentSeconds(
        costs, request.Status.ContextTokens, request.Kv!.ResidentTokens, request.Kv.ResidentTokens, OutputLength.PriorTokens);

    /// <summary>The least loaded worker of the same numerics class that can take KV, if it is clearly less loaded.</summary>
    private static KnownWorker? Target(SchedulerState state, PullRequest pull, PullLoads loads, WorkerLoad source, SchedulerOptions options)
    {
        KnownWorker? target = null;
        double least = double.PositiveInfinity;
        foreach (KnownWorker worker in state.Workers)
        {
            bool usable = worker != loads.Self && worker.HostBlocksLeft > 0 && worker.Pull.DataPlane.Length > 0
                && worker.Pull.NumericsClass == pull.NumericsClass;
            if (!usable)
                continue;
            double backlog = loads.Backlog(worker);
            if (backlog < least)
                (target, least) = (worker, backlog);
        }
        return least + options.Placement.MigrationGainSeconds <= source.BacklogSeconds ? target : null;
    }

    private static bool Movable(LiveRequest request, KnownWorker target, SchedulerOptions options, Instant now) =>
        request.Kv is { TipKey.Length: > 0 } kv
        && LiveRequest.Blocks(kv.ResidentTokens, options.BlockTokens) <= target.HostBlocksLeft
        && request.Status.ContextTokens < target.Pull.ContextTokensMax
        && (request.MigrationAt is not { } ordered || now - ordered > options.Placement.MigrationAgain);
}
