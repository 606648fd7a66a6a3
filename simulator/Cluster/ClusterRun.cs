using Astraea.Core;
using Astraea.Core.Determinism;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Machines;
using Astraea.Core.Scheduling;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Cluster;

/// <summary>One run: sessions, the scheduler of core/, workers with its batches, and the moments at which something happens.</summary>
/// <remarks>
/// Messages take no time. A worker asks for work when it has made room, and is otherwise parked: it is answered again, with how it stands by then,
/// whenever the scheduler says that another answer is possible. Many workers are answered together, at most every <see cref="ParkedApart"/>.
/// </remarks>
internal sealed partial class ClusterRun
{
    /// <summary>Regular sweeps: they also let parked workers be heard.</summary>
    private const double SweepSeconds = 5;

    private const double ParkedApart = 0.02;
    private const int WorkersAnsweredAtOnce = 8;

    private readonly Scenario _scenario;
    private readonly SchedulerMachine _machine;
    private readonly SchedulerState _state;
    private readonly SimulatedWorker[] _workers;
    private readonly SessionRun[] _sessions;
    private readonly Dictionary<RequestId, SessionRun> _live = [];
    private readonly EventQueue<Happening> _queue = new();
    private readonly Queue<SimulatedWorker> _asking = new();
    private readonly bool[] _asks;
    private readonly RunBooks _books;
    private readonly bool _humansReturn;
    private Instant _now;
    private long _revisionSeen;
    private Instant? _wakeAt;
    private bool _parkedAskDue;

    public ClusterRun(Scenario scenario)
    {
        _scenario = scenario;
        _machine = new SchedulerMachine(scenario.Policy, scenario.Scheduler with { BlockTokens = scenario.Hardware.BlockTokens }, 1,
            () => Predictions.Of(scenario, new SessionFutures(_live)));
        _state = _machine.Initial("pool");
        _sessions = new SessionRun[scenario.Sessions.Length];
        for (int i = 0; i < _sessions.Length; i++)
        {
            _sessions[i] = new SessionRun(scenario.Sessions[i], i, scenario.Hardware);
            _queue.Add(VirtualTime.At(scenario.Sessions[i].ArrivalSeconds), new Happening(HappeningKind.JobArrives, i, 0));
            _humansReturn |= scenario.Sessions[i].Jobs.Length > 1;
        }
        _workers = new SimulatedWorker[scenario.Workers];
        for (int i = 0; i < _workers.Length; i++)
            _workers[i] = new SimulatedWorker(i, scenario, Fail);
        _asks = new bool[_workers.Length];
        _books = new RunBooks(scenario);
    }

    public RunResult Run(IProgress<double>? progress, CancellationToken cancellation)
    {
        foreach (Outage outage in _scenario.Outages)
        {
            _queue.Add(VirtualTime.At(outage.AtSeconds), new Happening(HappeningKind.WorkerLeaves, outage.Worker, 0));
            _queue.Add(VirtualTime.At(outage.AtSeconds + outage.ForSeconds), new Happening(HappeningKind.WorkerReturns, outage.Worker, 0));
        }
        if (_scenario.SampleEverySeconds > 0)
            _queue.Add(Instant.Epoch, new Happening(HappeningKind.Sample, 0, 0));
        Later(SweepSeconds, new Happening(HappeningKind.SchedulerWakes, 0, 1));
        foreach (SimulatedWorker worker in _workers)
            Ask(worker);
        Settle();
        Instant stop = double.IsInfinity(_scenario.StopAt) ? new Instant(long.MaxValue) : VirtualTime.At(_scenario.StopAt);
        for (long happened = 0; _queue.TryPeek(out Instant next) && next <= stop && !_books.AllMeasuredEnded(next); happened++)
        {
            if ((happened & 0xFFF) == 0)
            {
                cancellation.ThrowIfCancellationRequested();
                progress?.Report(_books.ShareEnded);
            }
            _queue.TryTake(out _now, out Happening happening);
            Happen(happening);
            if (_books.AllEnded)
                break;
        }
        progress?.Report(1);
        foreach (SimulatedWorker worker in _workers)
            worker.Close();
        return _books.Close(_now, _workers.Select(static w => w.Totals));
    }

    private void Happen(in Happening happening)
    {
        switch (happening.Kind)
        {
            case HappeningKind.JobArrives:
                Arrive(_sessions[happening.Index]);
                break;
            case HappeningKind.ToolReturns:
                ReturnTool(_sessions[happening.Index]);
                break;
            case HappeningKind.WorkerTurns:
                if (_workers[happening.Index] is { Away: false } worker && worker.Stamp == happening.Stamp)
                    Turn(worker);
                break;
            case HappeningKind.SchedulerWakes:
                Wake(regular: happening.Stamp == 1);
                break;
            case HappeningKind.ParkedAsk:
                _parkedAskDue = false;
                AskParked();
                break;
            case HappeningKind.KvArrives:
                ArriveKv(happening.Index);
                break;
            case HappeningKind.WorkerLeaves:
                _workers[happening.Index].Leave(_now);
                break;
            case HappeningKind.WorkerReturns:
                _workers[happening.Index].Return();
                Ask(_workers[happening.Index]);
                break;
            case HappeningKind.Sample:
                _books.Sample(_now, _workers, _state.ReadyRequests);
                Later(_scenario.SampleEverySeconds, happening);
                break;
        }
        Settle();
    }

    private void Arrive(SessionRun session)
    {
        SimulatedRequest request = session.Arrive(_scenario.CategoriesMissing ? "" : session.Session.Category, _now);
        _live.Add(request.Id, session);
        _books.Arrived(session, _now);
        request.Submit(session.InputTokens, 0, _scenario.Hardware.ContextTokensMax, _now);
        Tell(request);
    }

    private void ReturnTool(SessionRun session)
    {
        SimulatedRequest request = session.Request!;
        session.Advance(_now);
        int added = session.Current.New;
        request.ToolReturns(session.InputTokens - added, added, 0, _scenario.Hardware.ContextTokensMax, _now);
        Tell(request);
    }

    /// <summary>A worker's stint is over.</summary>
    private void Turn(SimulatedWorker worker)
    {
        long turnover = worker.Turnover;
        foreach (WorkerSegment segment in worker.Complete(_now))
            EndSegment(worker, segment);
        if (worker.Turnover != turnover)
            Ask(worker);
        Settle(worker);
    }

    private void EndSegment(SimulatedWorker worker, WorkerSegment segment)
    {
        SessionRun session = segment.Session;
        SimulatedRequest request = session.Request!;
        string? tool = session.Current.Tool;
        double toolSeconds = session.Current.ToolSeconds;
        bool done = session.LastSegment;
        session.EndSegment();
        request.Report(segment.Generated);
        KvPlace place = worker.End(segment, tool, waits: !done || _humansReturn, ReturnsAt(session, done, toolSeconds));
        request.End(
            tool, Math.Max(0, segment.InputTokens - segment.CachedTokens), segment.DeviceSeconds, place.ResidentTokens > 0 ? place : null, _now);
        _books.SegmentEnded();
        if (!done)
            Later(toolSeconds, new Happening(HappeningKind.ToolReturns, session.Index, 0));
        Tell(request);
        if (!done)
            return;
        _books.JobEnded(session, _now);
        _live.Remove(request.Id);
        if (!session.LastJob)
            Later(session.Session.Jobs[session.Job + 1].PauseSeconds, new Happening(HappeningKind.JobArrives, session.Index, 0));
    }

    /// <summary>When the wait that begins now will be over, for those who may know; never, when nobody comes back.</summary>
    private Instant? ReturnsAt(SessionRun session, bool done, double toolSeconds)
    {
        if (_scenario.Foresight != Foresight.Clairvoyant)
            return null;
        if (!done)
            return _now.Plus(toolSeconds);
        return session.LastJob ? new Instant(long.MaxValue / 2) : _now.Plus(session.Session.Jobs[session.Job + 1].PauseSeconds);
    }

    private void Fail(WorkerSegment segment)
    {
        SessionRun session = segment.Session;
        session.Request!.Fail(_now);
        Tell(session.Request);
        _live.Remove(session.Request.Id);
        _books.JobFailed(session);
    }

    private void Tell(SimulatedRequest request) => Post(new SchedulerMessage.Tell(request.ToStatus()));

    private SchedulerReply Post(SchedulerMessage message)
    {
        Decision<SchedulerEvent, SchedulerReply> decision = _machine.Handle(_state, message, _now);
        foreach (SchedulerEvent happened in decision.Events)
            _machine.Apply(_state, happened);
        if (_state.WakeAt is { } wake && wake != _wakeAt)
            _queue.Add(Instant.Max(wake, _now), new Happening(HappeningKind.SchedulerWakes, 0, 0));
        _wakeAt = _state.WakeAt;
        return decision.Reply;
    }

    private void Wake(bool regular)
    {
        if (regular)
            Later(SweepSeconds, new Happening(HappeningKind.SchedulerWakes, 0, 1));
        else if (_state.WakeAt is not { } due || due > _now)
            return; // It has changed its mind since.
        Post(new SchedulerMessage.Sweep());
        if (regular)
            AskParked(); // Whoever is not heard of for long counts as lost.
    }

    private void Later(double seconds, Happening happening) => _queue.Add(_now.Plus(seconds), happening);
}
