using Astraea.Core.Lifecycle;
using Astraea.Core.Placement;

namespace Astraea.Core.Scheduling;

/// <summary>Why a plan says what it says, in words with figures.</summary>
internal static class PlanReasons
{
    public static string Lease(
        in Rank rank, LiveRequest request, in RankInputs inputs, PlacementJudgement judgement, WorkerId worker, ISchedulingPolicy policy, string? displaced, int blocks, int blocksFree)
    {
        string where = Where(request, judgement, worker);
        string by = rank.Band == Rank.GuardBand
            ? $"guard lane for {rank.Score:0.0} s, past {policy.GuardAfter:0.#} x {inputs.IsolatedSeconds:0.00} s"
            : $"score {rank.Score:0.00} at level {rank.Band}";
        return displaced is null ? $"{where}; {by}" : $"{where}; {by}; {blocks} blocks with {blocksFree} free, to displace {displaced}";
    }

    private static string Where(LiveRequest request, PlacementJudgement judgement, WorkerId worker)
    {
        RequestStatus status = request.Status;
        return judgement.Verdict switch
        {
            PlacementVerdict.Home => $"home {worker} holds {request.Kv?.ResidentTokens ?? 0} of {status.ContextTokens} tokens",
            PlacementVerdict.Taken =>
                $"taken from {request.Kv?.Worker}: done in {judgement.FinishHere:0.00} s here, {judgement.FinishThere:0.00} s there, "
                + $"{request.Kv?.ResidentTokens ?? 0} tokens again",
            _ => judgement.FinishThere > 0
                ? $"new: done in {judgement.FinishHere:0.00} s on {worker}, {judgement.FinishThere:0.00} s on the next lightest"
                : $"new: done in {judgement.FinishHere:0.00} s on {worker}, no other has room",
        };
    }

    public static string Migration(LiveRequest request, KnownWorker target, double chance, double gain) =>
        $"{request.Kv?.ResidentTokens ?? 0} tokens to {target.Pull.Worker}: next segment done {gain:0.00} s sooner, tool still works then with chance {chance:0.00}";

    /// <summary>Why a ready request has not been placed, for people.</summary>
    public static string Waiting(LiveRequest request, string room, int blockTokens, Instant now)
    {
        string wait = $"ready for {request.OpenWaitSeconds(now):0.0} s, needs {request.BlocksAtEnd(blockTokens)} blocks";
        return request.Home is { } home ? $"{wait}; its KV is on {home.Pull.Worker}; {room}" : $"{wait}; {room}";
    }

    /// <summary>What workers have free, for people: of many, the first few.</summary>
    public static string Room(SchedulerState state)
    {
        const int shown = 8;
        if (state.Workers.Count == 0)
            return "no worker is known";
        string room = string.Join(
            ", ",
            state.Workers.Take(shown).Select(w => $"{w.Pull.Worker} has {w.BlocksLeft} of {w.Pull.BlocksTotal} blocks and {w.SlotsLeft} slots free"));
        return state.Workers.Count > shown ? $"{room}, and {state.Workers.Count - shown} more" : room;
    }
}
