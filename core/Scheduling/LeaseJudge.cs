using Astraea.Core.Placement;

namespace Astraea.Core.Scheduling;

/// <summary>Whether the asking worker may have a ready segment, and when that might change by time alone.</summary>
internal sealed class LeaseJudge
{
    private static readonly TimeSpan s_wakeApart = TimeSpan.FromMilliseconds(20);

    private readonly SchedulerOptions _options;
    private readonly PullRequest _pull;
    private readonly Instant _now;
    private readonly PullLoads _loads;
    private readonly KnownWorker? _lightest;

    public LeaseJudge(SchedulerOptions options, PullRequest pull, Instant now, PullLoads loads, bool anyFresh)
    {
        (_options, _pull, _now, _loads) = (options, pull, now, loads);
        // Who has least to do matters to segments without a home only, and takes a look at every worker.
        _lightest = anyFresh ? loads.Lightest() : null;
    }

    /// <summary>When a parked pull may get another answer though nothing happens before.</summary>
    public Instant? Wake { get; private set; }

    /// <summary>Whether a segment without a home may be left for a lighter worker at all.</summary>
    public bool MayLeaveFresh => _lightest is not null;

    /// <summary>The verdict with its figures.</summary>
    /// <param name="request">The segment.</param>
    /// <param name="serviceHere">Its service on the asking worker (device seconds).</param>
    /// <param name="hasRoom">Whether that worker can start another at once.</param>
    public PlacementJudgement Judge(LiveRequest request, double serviceHere, bool hasRoom)
    {
        WorkerLoad here = _loads.Here(hasRoom);
        if (request.Kv is { } kv && kv.Worker == _pull.Worker)
            return new PlacementJudgement(PlacementVerdict.Home, here.Finish(serviceHere), 0);
        double waited = request.OpenWaitSeconds(_now);
        int blocks = request.BlocksAtEnd(_options.BlockTokens);
        if (request.Home is { } home)
        {
            WorkerLoad there = _loads.Of(home, request.HomeSeconds, blocks);
            return PlacementRule.Away(here, serviceHere, there, request.HomeSeconds, waited, _options.Placement);
        }
        WorkerLoad? other = null;
        double serviceOther = 0;
        if (_lightest is { } lightest && blocks <= lightest.BlocksLeft && request.Status.ContextTokens < lightest.Pull.ContextTokensMax)
        {
            other = _loads.Of(lightest, 0, blocks);
            serviceOther = Estimates.SegmentSeconds(request, lightest.Pull.Worker, lightest.Pull.Costs);
        }
        return PlacementRule.Fresh(here, serviceHere, other, serviceOther, waited, _options.Placement);
    }

    /// <summary>Whether a worker's ready segments may be taken by the asking one at all: if not, none of them need be looked at.</summary>
    /// <remarks>
    /// A bound that holds for all of them at once (<see cref="PlacementRule.Away"/>): at home none is done later than all work there takes, here none
    /// sooner than the work that is before it anyway.
    /// </remarks>
    public bool MayTakeFrom(KnownWorker home, bool hasRoom)
    {
        WorkerLoad here = _loads.Here(hasRoom);
        if (hasRoom && here.HomedSeconds <= 0)
            return true;
        double soonest = here.HomedSeconds + (hasRoom ? 0 : here.LeasedSeconds);
        // The slack is for rounding alone.
        double latest = _loads.Backlog(home) * (1 + 1e-9) + 1e-5;
        return soonest * (1 + _options.Placement.Margin) < latest;
    }

    /// <summary>Notes when a segment that was refused might not be, if time alone can bring that about.</summary>
    public void NoteDeferral(LiveRequest request, double serviceHere, PlacementJudgement judgement, bool hasRoom)
    {
        if (judgement.Verdict == PlacementVerdict.LeftForLighter)
            WakeBy(request.ReadySince + _options.Placement.Patience + TimeSpan.FromTicks(1));
        else if (hasRoom && _loads.Here(hasRoom).HomedSeconds <= 0 && serviceHere < _options.WorkerLostAfter.TotalSeconds)
            WakeBy(request.ReadySince + TimeSpan.FromSeconds(serviceHere) + TimeSpan.FromTicks(1));
    }

    public void WakeBy(Instant at)
    {
        if (at <= _now)
            return;
        // With thousands waiting there is a reason to wake every millisecond; a few of them together will do.
        Instant soonest = Instant.Max(at, _now + s_wakeApart);
        if (Wake is not { } wake || soonest < wake)
            Wake = soonest;
    }
}
