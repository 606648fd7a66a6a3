namespace Astraea.Core.Placement;

/// <summary>What placement says to a worker that asks for a segment.</summary>
public enum PlacementVerdict
{
    /// <summary>Its KV is here.</summary>
    Home,

    /// <summary>It has no KV anywhere, and no other worker with room would be done clearly sooner.</summary>
    Fresh,

    /// <summary>Its KV is elsewhere, but this worker would be done clearly sooner.</summary>
    Taken,

    /// <summary>Refused: it waits for the worker that has its KV.</summary>
    LeftForHome,

    /// <summary>Refused for now: a less loaded worker has room for it.</summary>
    LeftForLighter,
}

/// <summary>A verdict with its figures.</summary>
/// <param name="Verdict">What was decided.</param>
/// <param name="FinishHere">Predicted finish on the asking worker (s from now).</param>
/// <param name="FinishThere">Predicted finish on the worker it was compared with (s from now); 0 when there was none.</param>
public readonly record struct PlacementJudgement(PlacementVerdict Verdict, double FinishHere, double FinishThere)
{
    /// <summary>Whether the asking worker may have the segment.</summary>
    public bool Allowed => Verdict is PlacementVerdict.Home or PlacementVerdict.Fresh or PlacementVerdict.Taken;
}

/// <summary>Which worker a ready segment runs on: KV locality against load (SCHEDULING.md §5).</summary>
public static class PlacementRule
{
    /// <summary>A segment whose KV is on another worker: it leaves only if it is done sooner here by the margin, what is missing computed anew.</summary>
    /// <remarks>
    /// Or if it has waited for its home as long as all of it takes here, and this worker has nothing of its own to do: predictions of the home's work
    /// may be wrong, and the home may be stuck or going away. So it never loses more than twice what leaving at once would have cost.
    /// </remarks>
    public static PlacementJudgement Away(
        WorkerLoad here, double serviceHere, WorkerLoad home, double serviceHome, double openWaitSeconds, PlacementOptions options)
    {
        double finishHere = here.Finish(serviceHere);
        double finishHome = home.Finish(serviceHome);
        bool spare = here.HasRoom && here.HomedSeconds <= 0 && openWaitSeconds >= serviceHere;
        bool taken = finishHere * (1 + options.Margin) < finishHome || spare;
        return new PlacementJudgement(taken ? PlacementVerdict.Taken : PlacementVerdict.LeftForHome, finishHere, finishHome);
    }

    /// <summary>A segment with KV nowhere: it goes to the least loaded worker, but does not wait long for it to ask.</summary>
    public static PlacementJudgement Fresh(
        WorkerLoad here, double serviceHere, WorkerLoad? lightest, double serviceLightest, double openWaitSeconds, PlacementOptions options)
    {
        double finishHere = here.Finish(serviceHere);
        if (lightest is not { HasRoom: true } other)
            return new PlacementJudgement(PlacementVerdict.Fresh, finishHere, 0);
        double finishThere = other.Finish(serviceLightest);
        bool left = finishThere * (1 + options.Margin) < finishHere && openWaitSeconds < options.Patience.TotalSeconds;
        return new PlacementJudgement(left ? PlacementVerdict.LeftForLighter : PlacementVerdict.Fresh, finishHere, finishThere);
    }
}
