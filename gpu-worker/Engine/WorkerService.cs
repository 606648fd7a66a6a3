using System.Collections.Concurrent;
using System.Collections.Immutable;
using Astraea.Contracts;
using Astraea.Core.Batching;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Worker.Transfer;

namespace Astraea.Worker.Engine;

/// <summary>One worker: asks its scheduler for work, runs segments on its engine, and brings their output to their agent requests.</summary>
public sealed class WorkerService : IKvTarget, IAsyncDisposable
{
    private static readonly TimeSpan PullWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryFirst = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RetryLongest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(8);
    private readonly WorkerParts _parts;
    private readonly WorkerId _worker;
    private readonly BlockKeyer _keyer;
    private readonly EngineLoop _engine;
    private readonly KvReceiver _receiver;
    private readonly KvMover _mover;
    private readonly WorkerMeter _meter;
    private readonly ConcurrentDictionary<SegmentAttempt, HeldSegment> _held = new();
    private readonly ConcurrentDictionary<RequestId, KvResidence> _residence = new();
    private readonly CancellationTokenSource _cutOff = new();
    private TaskCompletionSource _changed = NewSignal();
    private long _epoch;
    private int _running;

    /// <summary>Makes a worker; nothing runs yet.</summary>
    /// <exception cref="ArgumentException">The options contradict each other; the message says how.</exception>
    public WorkerService(WorkerParts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Options.Problems().FirstOrDefault() is { } problem)
            throw new ArgumentException(problem, nameof(parts));
        _parts = parts;
        WorkerOptions options = parts.Options;
        _worker = new WorkerId(options.Name);
        IKvMemory memory = parts.Runner.Kv;
        _keyer = new BlockKeyer(parts.Secret.Span, parts.Runner.Numerics.ToString(), memory.BlockTokens);
        EngineCore core = new(new EngineParts(_worker, parts.Runner, parts.Sampler, parts.Policy, options, parts.Time));
        _engine = new EngineLoop(core, options.Name, parts.Time, SignalChange);
        _receiver = new KvReceiver(_worker, parts.Tickets, _keyer, parts.Runner, options.HostBlocks, _engine, parts.Time);
        _mover = new KvMover(parts, _engine, _worker);
        _meter = new WorkerMeter(_worker, () => Snapshot);
    }

    /// <summary>Name of the worker.</summary>
    public WorkerId Id => _worker;

    /// <summary>The worker as it was after its newest step.</summary>
    public WorkerSnapshot Snapshot => _engine.Snapshot;

    /// <inheritdoc/>
    public async Task<KvReceived> ReceiveKvAsync(string ticket, Stream body, CancellationToken cancellation)
    {
        KvReceived received = await _receiver.ReceiveAsync(ticket, body, cancellation);
        if (received.Status != 200)
            WorkerLog.KvRefused(_parts.Log, _worker, received.Message);
        return received;
    }

    /// <summary>Works until <paramref name="stop"/>; then gives its segments back and ends.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        if (Interlocked.Exchange(ref _running, 1) != 0)
            throw new InvalidOperationException("A worker runs once.");
        await _engine.StartAsync();
        WorkerLog.Started(_parts.Log, _worker, _parts.Runner.Kv.Blocks, _parts.Options.HostBlocks, _parts.Options.Slots, _keyer.NumericsClass);
        TimeSpan retry = RetryFirst;
        while (!stop.IsCancellationRequested && Snapshot.Quarantine is null)
        {
            TaskCompletionSource changed = NewSignal();
            Volatile.Write(ref _changed, changed);
            Task<bool> pull = PullAsync(retry, stop);
            // An older pull that is still parked does no harm: the scheduler answers the newest, and whatever comes back is honoured.
            if (await Task.WhenAny(pull, changed.Task) != pull)
                continue;
            bool answered = await pull;
            retry = answered ? RetryFirst : retry * 2 < RetryLongest ? retry * 2 : RetryLongest;
        }
        if (Snapshot.Quarantine is { } reason)
        {
            WorkerLog.Quarantined(_parts.Log, _worker, reason);
            await Task.WhenAll(_held.Values.Select(h => h.Done)).WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.Delay(Timeout.InfiniteTimeSpan, _parts.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await DrainAsync();
    }

    /// <summary>Carries out one order of the scheduler; done when the move has ended.</summary>
    internal Task MoveAsync(Migration migration) => _mover.Start(migration);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _cutOff.CancelAsync();
        _engine.Dispose();
        _mover.Dispose();
        _receiver.Dispose();
        _meter.Dispose();
        _cutOff.Dispose();
    }

    private async Task DrainAsync()
    {
        WorkerLog.Draining(_parts.Log, _worker, _held.Count);
        _mover.CancelAll();
        _engine.Post(static core => core.ReturnAll("the worker is draining"));
        Task left = Task.WhenAll(_held.Values.Select(h => h.Done));
        await Task.WhenAny(left, Task.Delay(TimeSpan.FromSeconds(_parts.Options.DrainSeconds), _parts.Time));
        await _cutOff.CancelAsync();
        await left.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _engine.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void SignalChange() => Volatile.Read(ref _changed).TrySetResult();

    private async Task<bool> PullAsync(TimeSpan retry, CancellationToken stop)
    {
        try
        {
            await CollectResidenceAsync();
            KvResidence[] residence = [.. _residence.Values];
            Plan plan = await _parts.Scheduler.PullAsync(Picture(residence), PullWait, stop);
            foreach (KvResidence told in residence)
                _residence.TryRemove(KeyValuePair.Create(told.Request, told));
            Follow(plan, stop);
            return true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return true;
        }
        catch (Exception e)
        {
            // Whatever is wrong over there, the worker goes on with what it has and asks again.
            WorkerLog.PullFailed(_parts.Log, _worker, retry.TotalMilliseconds, e);
            await Task.Delay(retry, _parts.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        }
    }

    private async Task CollectResidenceAsync()
    {
        List<KvChange> changes = await _engine.AskAsync(static core =>
        {
            List<KvChange> list = [];
            core.Idle.TakeChanges(list);
            return list;
        });
        foreach (KvChange change in changes)
            _residence[change.Request] = new KvResidence(change.Request, change.Place);
    }

    private PullRequest Picture(KvResidence[] residence)
    {
        WorkerSnapshot now = Snapshot;
        ImmutableArray<HeldLease> held = [.. _held.Select(h => new HeldLease(h.Key, h.Value.Segment?.Running ?? false))];
        return new PullRequest(
            _worker, Interlocked.Read(ref _epoch), held, now.BlocksTotal, now.BlocksOffered, now.HostRoom,
            Math.Max(0, _parts.Options.Slots - held.Count(h => h.Running)),
            Math.Min(_parts.Runner.Shape.ContextTokensMax, now.BlocksTotal * _keyer.BlockTokens), _keyer.NumericsClass,
            _parts.Options.HostBlocks > 0 ? _parts.DataPlane() : string.Empty, now.Costs, [.. residence]);
    }

    private void Follow(Plan plan, CancellationToken stop)
    {
        Interlocked.Exchange(ref _epoch, Math.Max(plan.Epoch, Interlocked.Read(ref _epoch)));
        foreach (Revoke revoke in plan.Revokes)
        {
            if (_held.TryGetValue(revoke.Attempt, out HeldSegment? held))
                held.Revoke(_engine);
        }
        foreach (Lease lease in plan.Leases)
        {
            HeldSegment held = new(lease.Attempt);
            if (!stop.IsCancellationRequested && _held.TryAdd(lease.Attempt, held))
                held.Done = RunSegmentAsync(lease, held, plan.Epoch);
        }
        foreach (Migration migration in plan.Migrations)
            _ = _mover.Start(migration);
    }

    private async Task RunSegmentAsync(Lease lease, HeldSegment held, long epoch)
    {
        try
        {
            _mover.Cancel(lease.Attempt.Request);
            IAgentRequest agent = _parts.Requests.Get(lease.Attempt.Request);
            if (await StartAsync(agent, lease, epoch) is not { } work || held.Revoked)
                return;
            SegmentReporter reporter = new(
                agent, lease.Attempt, work.OutputTokens.Length, _engine.Wake, () => _engine.Post(core => core.Stop(lease.Attempt)), _parts.Time, _parts.Log);
            Post(lease, work, held, reporter);
            await reporter.RunAsync(_cutOff.Token);
        }
        catch (OperationCanceledException) when (_cutOff.IsCancellationRequested)
        {
            // The drain has run out of time: the scheduler notices that the lease is gone.
        }
        catch (Exception e)
        {
            WorkerLog.SegmentBroke(_parts.Log, lease.Attempt, e);
            _engine.Post(core => core.Stop(lease.Attempt));
        }
        finally
        {
            _held.TryRemove(lease.Attempt, out _);
            SignalChange();
        }
    }

    private void Post(Lease lease, SegmentWork work, HeldSegment held, SegmentReporter reporter)
    {
        EngineSegment segment;
        try
        {
            segment = SegmentFactory.Create(lease, work, reporter, _keyer, _parts.Text, _parts.Constraints, _parts.Runner.Shape,
                _parts.Options.UnreportedTokens);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            reporter.End(new SegmentEnd.Failed("segment_failed", $"The segment cannot be run: {e.Message}"));
            return;
        }
        held.Segment = segment;
        _engine.Post(core => core.Start(segment));
    }

    /// <summary>Asks the request for the work of a lease; null when it is somebody else's by now.</summary>
    private async Task<SegmentWork?> StartAsync(IAgentRequest agent, Lease lease, long epoch)
    {
        SegmentAttempt attempt = lease.Attempt;
        RequestMessage.StartSegment start = new(attempt.Segment, attempt.Attempt, _worker, epoch, lease.Inputs.Level, lease.Reason);
        long from = _parts.Time.GetTimestamp();
        for (TimeSpan wait = RetryFirst; ; wait = wait < RetryLongest / 4 ? wait * 2 : wait)
        {
            try
            {
                RequestReply reply = await agent.TellAsync(start, _cutOff.Token);
                if (reply is RequestReply.Started started)
                    return started.Work;
                WorkerLog.NotStarted(_parts.Log, attempt, reply is RequestReply.Refused refused ? refused.Message : reply.GetType().Name);
                return null;
            }
            catch (AgentUnavailableException e) when (_parts.Time.GetElapsedTime(from) + wait < StartWithin)
            {
                WorkerLog.NotStarted(_parts.Log, attempt, e.Message);
                await Task.Delay(wait, _parts.Time, _cutOff.Token);
            }
        }
    }

    /// <summary>A lease in this worker's hands, from offer to durable end.</summary>
    private sealed class HeldSegment(SegmentAttempt attempt)
    {
        private volatile bool _revoked;

        public EngineSegment? Segment { get; set; }

        public Task Done { get; set; } = Task.CompletedTask;

        public bool Revoked => _revoked;

        public void Revoke(EngineLoop engine)
        {
            _revoked = true;
            engine.Post(core => core.Stop(attempt));
        }
    }
}
