namespace Astraea.Core.Scheduling;

/// <summary>Goes through ready segments column by column and hands them out in the order the policy gives them on the asking worker.</summary>
/// <remarks>
/// The same order as ranking every ready segment and sorting (PlannerOracleTests has that one), without doing so: levels are looked at only when they
/// may have changed, scores are made many at a time, and only rows that reach the best few so far are judged. Should those few not do, it goes through
/// once more for the next ones. Workers whose segments could not be taken by the asking one are left out whole.
/// </remarks>
internal sealed class ReadyScan
{
    private readonly SchedulerState _state;
    private readonly ISchedulingPolicy _policy;
    private readonly IColumnScoring? _columns;
    private readonly SchedulerOptions _options;
    private readonly PullRequest _pull;
    private readonly Instant _now;
    private readonly LeaseJudge _judge;
    private readonly List<SchedulerEvent> _events;
    private readonly RowFigures _figures;
    private readonly BestRows _best;
    private readonly BestRows _lane;
    private readonly long _contextBound;
    private readonly bool _laneExists;
    private int _wanted;
    private bool _hasRoom;
    private bool _again;
    private bool _more;
    private RankedRow _after;
    private long _joinsNext = long.MaxValue;

    public ReadyScan(
        SchedulerState state, ISchedulingPolicy policy, SchedulerOptions options, PullRequest pull, Instant now, LeaseJudge judge, List<SchedulerEvent> events)
    {
        (_state, _policy, _options, _pull, _now, _judge, _events) = (state, policy, options, pull, now, judge, events);
        _columns = policy is IColumnScoring { ScoresColumns: true } columns ? columns : null;
        (_figures, _best, _lane) = (state.Scratch.Figures, state.Scratch.Best, state.Scratch.Lane);
        _contextBound = Math.Min(pull.ContextTokensMax, (long)pull.BlocksTotal * options.BlockTokens);
        _laneExists = !double.IsInfinity(policy.GuardAfter);
    }

    /// <summary>Looks at all ready segments. About so many will be taken.</summary>
    public void Begin(int wanted, bool hasRoom)
    {
        (_wanted, _hasRoom) = (wanted, hasRoom);
        _best.Begin(wanted);
        _lane.Begin(wanted);
        Pass();
        _best.Finish();
        _lane.Finish();
        _again = true;
        if (_joinsNext < long.MaxValue - 1)
            _judge.WakeBy(new Instant(_joinsNext + 1));
    }

    /// <summary>The next of the guard lane, first in first out.</summary>
    public bool TryTakeGuarded(bool hasRoom, out RankedRow row) => TryTake(_lane, hasRoom, out row);

    /// <summary>The next by level and score. Segments in the guard lane are among them, for when its share is spent.</summary>
    public bool TryTake(bool hasRoom, out RankedRow row) => TryTake(_best, hasRoom, out row);

    /// <summary>Since when a segment is in the lane (ticks); the largest number when it is not.</summary>
    public long InLaneSince(LiveRequest request)
    {
        long joins = request.Rows!.GuardAt[request.Row];
        return joins < _now.Ticks ? joins : long.MaxValue;
    }

    /// <summary>The rank of a segment in the lane.</summary>
    public RankedRow LaneRow(LiveRequest request, int level)
    {
        ReadyRows rows = request.Rows!;
        return new RankedRow
        {
            Band = Rank.GuardBand, Score = (_now - new Instant(rows.GuardAt[request.Row])).TotalSeconds, Level = level, Arrival = rows.Arrival[request.Row],
            Request = request,
        };
    }

    private bool TryTake(BestRows kept, bool hasRoom, out RankedRow row)
    {
        if (kept.TryTake(out row))
            return true;
        if (!kept.Truncated)
            return false;
        // Those kept were all refused, or did not fit: the next ones, more of them.
        _after = kept.Worst;
        _more = true;
        _hasRoom = hasRoom;
        _wanted *= 4;
        kept.Begin(_wanted);
        Pass(kept);
        kept.Finish();
        return kept.TryTake(out row);
    }

    private void Pass(BestRows? only = null)
    {
        KnownWorker? self = _state.FindWorker(_pull.Worker);
        if (self is not null)
            Scan(self.Ready, atHome: true, only);
        Scan(_state.Fresh, atHome: false, only);
        foreach (KnownWorker worker in _state.Workers)
        {
            if (worker == self || worker.Ready.Count == 0)
                continue;
            if (_judge.MayTakeFrom(worker, _hasRoom))
                Scan(worker.Ready, atHome: false, only);
            else if (!_again)
                Watch(worker.Ready);
        }
    }

    /// <summary>Segments that cannot be taken still age.</summary>
    private void Watch(ReadyRows rows)
    {
        for (int from = 0; from < rows.Count; from += RowFigures.RowsMax)
            FollowLevels(rows, from, Math.Min(RowFigures.RowsMax, rows.Count - from));
    }

    private void Scan(ReadyRows rows, bool atHome, BestRows? only)
    {
        for (int from = 0; from < rows.Count; from += RowFigures.RowsMax)
        {
            int count = Math.Min(RowFigures.RowsMax, rows.Count - from);
            FollowLevels(rows, from, count);
            bool guarded = _laneExists && RowFigures.AnyBefore(rows.GuardAt, from, count, _now, ref _joinsNext);
            if (only is null || only == _best)
            {
                Score(rows, from, count, atHome);
                OfferBest(rows, from, count, atHome);
            }
            if (guarded && (only is null || only == _lane))
                OfferLane(rows, from, count, atHome);
        }
    }

    private void FollowLevels(ReadyRows rows, int from, int count)
    {
        rows.Level.AsSpan(from, count).CopyTo(_figures.Levels);
        long ignored = long.MaxValue;
        if (!RowFigures.AnyBefore(rows.LevelDue, from, count, _now, ref ignored))
            return;
        for (int i = 0; i < count; i++)
        {
            if (rows.LevelDue[from + i] >= _now.Ticks)
                continue;
            LiveRequest request = rows[from + i];
            int level = Estimates.Level(_policy, request, _now);
            if (level == request.Level)
                continue;
            _figures.Levels[i] = level;
            if (!_again)
                _events.Add(new SchedulerEvent.LevelMoved(request.Status.Request, level, _now));
        }
    }

    private void Score(ReadyRows rows, int from, int count, bool atHome)
    {
        // KV on a worker that asks for the first time is not among its own rows yet.
        if (_columns is not null && (atHome || _state.FindWorker(_pull.Worker) is not null))
        {
            _figures.Make(rows, from, count, _pull.Costs, atHome, _now);
            _figures.Score(_columns, rows, from, count, _pull.BlocksTotal);
            rows.Arrival.AsSpan(from, count).CopyTo(_figures.Arrivals);
            return;
        }
        for (int i = 0; i < count; i++)
        {
            LiveRequest request = rows[from + i];
            Rank rank = OrdinaryRank(request, _figures.Levels[i]);
            (_figures.Bands[i], _figures.Scores[i], _figures.Arrivals[i]) = (rank.Band, rank.Score, rank.Arrival.Ticks);
        }
    }

    private Rank OrdinaryRank(LiveRequest request, int level)
    {
        double service = Estimates.SegmentSeconds(request, _pull.Worker, _pull.Costs);
        RankInputs inputs = Estimates.Inputs(request, level, service, _options.BlockTokens);
        // With no end to its isolated service it never joins the lane.
        if (_laneExists && InLaneSince(request) < long.MaxValue)
            inputs = inputs with { IsolatedSeconds = double.PositiveInfinity };
        return _policy.Rank(inputs, _pull.BlocksTotal, _now);
    }

    private void OfferBest(ReadyRows rows, int from, int count, bool atHome)
    {
        int[] bands = _figures.Bands;
        double[] scores = _figures.Scores;
        (int cutBand, double cutScore) = (_best.CutBand, _best.CutScore);
        for (int i = 0; i < count; i++)
        {
            // Not && and ||: which one it is cannot be foretold, whether it is either nearly always can.
            if (!((bands[i] < cutBand) | ((bands[i] == cutBand) & (scores[i] >= cutScore))))
                continue;
            var row = new RankedRow
            {
                Band = bands[i], Score = scores[i], Level = _figures.Levels[i], Arrival = _figures.Arrivals[i], Request = rows[from + i],
            };
            if (Offer(_best, rows, from + i, row, atHome))
                (cutBand, cutScore) = (_best.CutBand, _best.CutScore);
        }
    }

    private void OfferLane(ReadyRows rows, int from, int count, bool atHome)
    {
        long cut = LaneCut();
        for (int i = 0; i < count; i++)
        {
            if (rows.GuardAt[from + i] >= cut)
                continue;
            if (Offer(_lane, rows, from + i, LaneRow(rows[from + i], _figures.Levels[i]), atHome))
                cut = LaneCut();
        }
    }

    /// <summary>Who joined the lane then or later need not be offered (ticks).</summary>
    private long LaneCut() => _lane.Truncated ? Math.Min(_now.Ticks, _lane.Worst.Request.Rows!.GuardAt[_lane.Worst.Request.Row] + 1) : _now.Ticks;

    private bool Offer(BestRows kept, ReadyRows rows, int index, in RankedRow row, bool atHome)
    {
        if (rows.Context[index] >= _contextBound || (_more && row.CompareTo(_after) <= 0))
            return false;
        if (kept.Truncated && row.CompareTo(kept.Worst) > 0)
            return false;
        if (!atHome && !Allowed(rows, index))
            return false;
        kept.Offer(row);
        return true;
    }

    /// <summary>The load here only grows while a plan is made, and elsewhere only shrinks: who is left now would be left later too.</summary>
    private bool Allowed(ReadyRows rows, int index)
    {
        LiveRequest request = rows[index];
        if (request.Home is null && (!_judge.MayLeaveFresh || _now.Ticks - rows.Since[index] > _options.Placement.Patience.Ticks))
            return true;
        double service = Estimates.SegmentSeconds(request, _pull.Worker, _pull.Costs);
        Placement.PlacementJudgement judgement = _judge.Judge(request, service, _hasRoom);
        if (!judgement.Allowed)
            _judge.NoteDeferral(request, service, judgement, _hasRoom);
        return judgement.Allowed;
    }
}
