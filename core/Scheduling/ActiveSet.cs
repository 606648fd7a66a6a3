using Astraea.Core.Lifecycle;

namespace Astraea.Core.Scheduling;

/// <summary>Keeps who is paused, for policies that let only some requests hold memory (<see cref="IActivePrograms"/>).</summary>
internal static class ActiveSet
{
    /// <summary>Chooses anew for one worker, from what it has just said of itself. Part of Apply: the plan of its next pull goes by it.</summary>
    public static void Refresh(SchedulerState state, IActivePrograms policy, KnownWorker worker, int blockTokens, Instant now)
    {
        List<LiveRequest> here = [];
        long context = 0, cached = 0;
        foreach (LiveRequest request in state.Requests)
        {
            bool leasedHere = request.Lease is { } lease && lease.Worker == worker.Pull.Worker;
            // Without KV anywhere it could start here as well as elsewhere.
            bool free = request.Lease is null && request.Home is null;
            if (!leasedHere && request.Home != worker && !free)
                continue;
            here.Add(request);
            if (leasedHere)
            {
                context += request.Template.ContextTokens;
                cached += Math.Max(0, request.Template.ContextTokens - request.Template.UncachedTokens);
            }
        }
        var programs = new ProgramMemory[here.Count];
        for (int i = 0; i < programs.Length; i++)
            programs[i] = Memory(here[i], now);
        PullRequest pull = worker.Pull;
        var memory = new WorkerMemory(
            (long)pull.BlocksTotal * blockTokens, 1 - (double)pull.BlocksFree / Math.Max(1, pull.BlocksTotal), context > 0 ? (double)cached / context : 1);
        bool[] active = new bool[programs.Length];
        state.Windows[pull.Worker] = policy.Choose(memory, state.Windows.GetValueOrDefault(pull.Worker), programs, active);
        for (int i = 0; i < active.Length; i++)
        {
            if (here[i].Paused != active[i])
                continue;
            here[i].Paused = !active[i];
            state.Place(here[i]);
            // Who may start now could not at the last plan: a parked pull has reason to look again.
            if (here[i].IsReady)
                state.Revision++;
        }
    }

    private static ProgramMemory Memory(LiveRequest request, Instant now)
    {
        RequestStatus status = request.Status;
        RequestPhase phase = request.Lease is not null ? RequestPhase.Running : status.Phase == RequestPhase.ToolWait ? status.Phase : RequestPhase.Ready;
        double tool = phase == RequestPhase.ToolWait ? Math.Max(0, (now - status.PhaseSince).TotalSeconds) : 0;
        return new ProgramMemory(
            status.Request, status.SubmittedAt, status.ContextTokens, phase, status is { Segment: 0, Attempt: 0 }, !request.Paused, tool);
    }
}
