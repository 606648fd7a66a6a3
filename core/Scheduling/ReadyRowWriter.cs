namespace Astraea.Core.Scheduling;

/// <summary>Writes what ranks a ready segment into its columns: estimates, and what follows from them for this policy.</summary>
internal sealed class ReadyRowWriter(ISchedulingPolicy policy, SchedulerOptions options)
{
    private readonly IColumnScoring? _columns = policy is IColumnScoring { ScoresColumns: true } columns ? columns : null;

    public void Write(LiveRequest request, Instant now)
    {
        RankInputs inputs = Estimates.Inputs(request, request.Level, request.HomeSeconds, options.BlockTokens);
        Instant? joins = new GuardLane(policy.GuardAfter, policy.GuardShare).JoinsAt(inputs);
        request.Rows!.Write(request, joins?.Ticks ?? long.MaxValue, LevelDue(request, now), inputs.Blocks);
    }

    private long LevelDue(LiveRequest request, Instant now)
    {
        if (_columns is null)
            return long.MinValue;
        double seconds = _columns.LevelHoldsUntil(Estimates.LevelInputs(request, now)) - request.Waited.TotalSeconds;
        // A little too early: looking in vain costs nothing.
        return seconds < 3.2e7 ? request.ReadySince.Ticks + (long)(seconds * TimeSpan.TicksPerSecond) - 100 : long.MaxValue;
    }
}
