using Astraea.Core;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Simulator.Cluster.Memory;

namespace Astraea.Simulator.Cluster;

// Workers and the scheduler: who asks, what it is told, and when it computes.
internal sealed partial class ClusterRun
{
    private readonly List<KvMove> _moves = [];
    private readonly List<SimulatedWorker> _turned = [];

    private void Ask(SimulatedWorker worker)
    {
        if (_asks[worker.Index] || worker.Away)
            return;
        _asks[worker.Index] = true;
        _asking.Enqueue(worker);
    }

    private void AskParked()
    {
        _revisionSeen = _state.Revision;
        foreach (SimulatedWorker worker in _workers)
        {
            // Whoever was answered last knows of all that its own words have changed.
            if (worker.AnsweredAt < _revisionSeen)
                Ask(worker);
        }
    }

    /// <summary>Answers whoever asks until nobody can be answered otherwise; then workers that stand still go on.</summary>
    private void Settle(SimulatedWorker? turned = null)
    {
        if (turned is not null)
            _turned.Add(turned);
        while (true)
        {
            if (_asking.TryDequeue(out SimulatedWorker? worker))
            {
                _asks[worker.Index] = false;
                if (!worker.Away)
                    Answer(worker);
                continue;
            }
            if (_state.Revision == _revisionSeen)
                break;
            if (_state.ReadyRequests == 0)
            {
                // Nobody wants a worker: parked ones would only hear that again.
                _revisionSeen = _state.Revision;
                break;
            }
            if (_workers.Length > WorkersAnsweredAtOnce)
            {
                if (!_parkedAskDue)
                    Later(ParkedApart, new Happening(HappeningKind.ParkedAsk, 0, 0));
                _parkedAskDue = true;
                break;
            }
            AskParked();
        }
        foreach (SimulatedWorker worker in _turned)
        {
            if (!worker.InStint && !worker.Away)
                Schedule(worker, worker.Begin(_now));
        }
        _turned.Clear();
    }

    private void Answer(SimulatedWorker worker)
    {
        Plan plan = ((SchedulerReply.Planned)Post(new SchedulerMessage.Pull(worker.Picture(1)))).Plan;
        worker.AnsweredAt = _state.Revision;
        if (plan.IsEmpty)
            return;
        foreach (Revoke revoke in plan.Revokes)
            worker.Stop(revoke.Attempt);
        foreach (Lease lease in plan.Leases)
            Start(worker, lease);
        foreach (Migration migration in plan.Migrations)
            Move(worker, migration);
        if (worker.InStint)
            Schedule(worker, worker.CutShort(_now));
        else
            _turned.Add(worker);
    }

    private void Start(SimulatedWorker worker, Lease lease)
    {
        SegmentAttempt attempt = lease.Attempt;
        if (!_live.TryGetValue(attempt.Request, out SessionRun? session))
            return;
        SimulatedRequest request = session.Request!;
        if (request.Id != attempt.Request || !request.TryStart(attempt.Segment, attempt.Attempt, worker.Id, lease.Inputs.Level, _now))
            return;
        Tell(request);
        worker.Start(session, lease, _scenario.CategoriesMissing ? "" : session.Session.Category, _now);
    }

    private void Schedule(SimulatedWorker worker, Instant? turns)
    {
        if (turns is { } at)
            _queue.Add(at, new Happening(HappeningKind.WorkerTurns, worker.Index, worker.Stamp));
    }

    private void Move(SimulatedWorker source, Migration migration)
    {
        if (source.Export(migration.Request) is not { } kv || Array.Find(_workers, w => w.Id == migration.Target) is not { } target)
            return;
        int blocks = migration.Place.ResidentTokens / _scenario.Hardware.BlockTokens;
        double seconds = blocks * _scenario.Hardware.BlockTokens / _scenario.Hardware.LinkTokensPerSecond;
        Instant arrives = Instant.Max(Instant.Max(source.LinkFree, target.LinkFree), _now).Plus(seconds);
        source.LinkFree = target.LinkFree = arrives;
        _moves.Add(new KvMove(source, target, migration.Request, kv, blocks));
        _queue.Add(arrives, new Happening(HappeningKind.KvArrives, _moves.Count - 1, 0));
    }

    /// <summary>KV has arrived; if its agent has come back meanwhile, or a worker is gone, nobody needs it.</summary>
    private void ArriveKv(int index)
    {
        KvMove move = _moves[index];
        bool waits = ReferenceEquals(move.Source.Export(move.Request), move.Kv);
        if (!waits || move.Target.Away || !_live.TryGetValue(move.Request, out SessionRun? session))
            return;
        int tokens = move.Blocks * _scenario.Hardware.BlockTokens;
        move.Target.Import(session, move.Request, move.Kv, move.Blocks, move.Source.Id, _now);
        move.Source.Forget(move.Request);
        _books.Moved(tokens);
        SimulatedRequest request = session.Request!;
        KvPlace place = new(
            move.Target.Id, 0, tokens, "held", KvDecision.Swap, $"moved from {move.Source.Id}");
        if (request.Id == move.Request && request.TryMoveKv(place))
            Tell(request);
        Ask(move.Source);
        Ask(move.Target);
    }

    /// <summary>KV on its way to another worker.</summary>
    private sealed record KvMove(SimulatedWorker Source, SimulatedWorker Target, RequestId Request, ContextKv Kv, int Blocks);
}
