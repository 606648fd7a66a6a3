using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Astraea.Contracts;
using Astraea.Core;
using Astraea.Core.Machines;

namespace Astraea.Grains.Driver;

/// <summary>Runs one machine: the same loop in every shell.</summary>
/// <remarks>
/// A turn takes all waiting messages, lets the machine decide and fold each in order, appends everything in one fenced write, and only then starts or
/// stops effects and answers. Nothing else touches the state, so folding before the commit shows nothing; when the append fails, the callers hear
/// <see cref="AgentUnavailableException"/> and the state is read again. Between turns there is no task and no thread: a driver at rest costs memory only.
/// All continuations stay on the scheduler of whoever posts, so the same code runs on the thread pool, in a grain, and on a pumped simulation.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Stopping cancels the source; it holds no unmanaged resource then.")]
public sealed partial class MachineDriver<TState, TMessage, TEvent, TReply, TEffect>
    where TState : class
    where TMessage : class
    where TEffect : notnull
{
    private readonly string _key;
    private readonly IMachine<TState, TMessage, TEvent, TReply, TEffect> _machine;
    private readonly IEventLog<TState, TEvent> _log;
    private readonly IEffectRunner<TState, TMessage, TReply, TEffect> _runner;
    private readonly ICommitObserver<TState, TEvent> _observer;
    private readonly DriverEnvironment _environment;
    private readonly CancellationTokenSource _stopping = new();

    // Guards what callers and the loop share: the queue and the flags below. The rest belongs to the loop alone.
    private readonly Lock _gate = new();
    private List<Envelope> _waiting = [];
    private bool _turning;
    private bool _kicked;
    private bool _retrying;
    private bool _stopped;
    private Task _loop = Task.CompletedTask;

    private TState? _state;
    private long _version;
    private Guid _writer;

    /// <summary>Makes a driver at rest; the history is read when the first message comes.</summary>
    public MachineDriver(
        string key,
        IMachine<TState, TMessage, TEvent, TReply, TEffect> machine,
        IEventLog<TState, TEvent> log,
        IEffectRunner<TState, TMessage, TReply, TEffect> runner,
        ICommitObserver<TState, TEvent> observer,
        DriverEnvironment environment)
    {
        _key = key;
        _machine = machine;
        _log = log;
        _runner = runner;
        _observer = observer;
        _environment = environment;
    }

    /// <summary>Sends a message and waits for the answer, which comes after everything it caused is durable.</summary>
    /// <exception cref="AgentUnavailableException">It could not be made durable, or the queue is full; the message may be sent again.</exception>
    public Task<TReply> PostAsync(TMessage message, CancellationToken cancellation) =>
        TryPost(message, cancellation, out Task<TReply>? reply)
            ? reply
            : Task.FromException<TReply>(new AgentUnavailableException($"{_key} is being stopped."));

    /// <summary>Sends a message; false when the driver has been stopped, and a new one must be made.</summary>
    public bool TryPost(TMessage message, CancellationToken cancellation, [NotNullWhen(true)] out Task<TReply>? reply) =>
        TryEnqueue(message, cancellation, out reply);

    /// <summary>Reads the history, unless that has been done, so that what is owed is under way. False when the driver has been stopped.</summary>
    public bool TryLoad(CancellationToken cancellation, [NotNullWhen(true)] out Task? loaded)
    {
        bool taken = TryEnqueue(null, cancellation, out Task<TReply>? reply);
        loaded = reply;
        return taken;
    }

    /// <summary>Stops the driver if it is at rest: no message, no turn, no unfinished effect.</summary>
    public bool TryStopAtRest()
    {
        lock (_gate)
        {
            if (_turning || _waiting.Count > 0 || _kicked || _retrying || _unfinished > 0)
                return false;
            _stopped = true;
        }
        _stopping.Cancel();
        return true;
    }

    /// <summary>Stops the driver: waiting messages fail, a turn under way ends, effects are cancelled.</summary>
    public Task StopAsync()
    {
        List<Envelope> left;
        Task loop;
        lock (_gate)
        {
            _stopped = true;
            (left, _waiting) = (_waiting, []);
            loop = _loop;
        }
        foreach (Envelope envelope in left)
            envelope.Fail(new AgentUnavailableException($"{_key} is being stopped."));
        _stopping.Cancel();
        return loop;
    }

    private bool TryEnqueue(TMessage? message, CancellationToken cancellation, [NotNullWhen(true)] out Task<TReply>? reply)
    {
        Envelope envelope = new(message);
        lock (_gate)
        {
            reply = null;
            if (_stopped)
                return false;
            if (_waiting.Count >= _environment.WaitingMax)
            {
                reply = Task.FromException<TReply>(new AgentUnavailableException($"{_key} has {_waiting.Count} messages waiting."));
                return true;
            }
            _waiting.Add(envelope);
            StartLoopNeedsLock();
        }
        reply = envelope.ReplyAsync(cancellation);
        return true;
    }

    /// <summary>Asks for a turn without a message.</summary>
    private void Kick()
    {
        lock (_gate)
        {
            if (_stopped)
                return;
            _kicked = true;
            StartLoopNeedsLock();
        }
    }

    private void StartLoopNeedsLock()
    {
        if (_turning)
            return;
        _turning = true;
        // The loop outlives its first poster: it must not carry that caller's activity or locals.
        bool suppress = !ExecutionContext.IsFlowSuppressed();
        AsyncFlowControl flow = suppress ? ExecutionContext.SuppressFlow() : default;
        _loop = LoopAsync();
        if (suppress)
            flow.Undo();
    }

    private async Task LoopAsync()
    {
        await Task.Yield();
        while (TryTake(out List<Envelope>? batch))
        {
            try
            {
                if (_state is null)
                    await LoadAsync();
                await TurnAsync(_state!, batch);
            }
#pragma warning disable CA1031 // Whatever went wrong, nothing was acknowledged: callers may send again, and the history decides.
            catch (Exception fault)
#pragma warning restore CA1031
            {
                _state = null;
                DriverLog.TurnFailed(_environment.Log, _key, batch.Count, fault);
                foreach (Envelope envelope in batch)
                    envelope.Fail(new AgentUnavailableException($"{_key} could not be made durable: {fault.Message}", fault));
                RetryLater();
            }
        }
    }

    private bool TryTake([NotNullWhen(true)] out List<Envelope>? batch)
    {
        lock (_gate)
        {
            batch = null;
            if ((_waiting.Count == 0 && !_kicked) || _stopped)
            {
                _turning = false;
                return false;
            }
            _kicked = false;
            if (_waiting.Count <= _environment.BatchMax)
            {
                (batch, _waiting) = (_waiting, []);
                return true;
            }
            batch = _waiting.GetRange(0, _environment.BatchMax);
            _waiting.RemoveRange(0, _environment.BatchMax);
            return true;
        }
    }

    private async Task LoadAsync()
    {
        const int page = 1024;
        TState state = _machine.Initial(_key);
        long version = 0;
        while (true)
        {
            ImmutableArray<TEvent> events = await _log.ReadAsync(version, page, CancellationToken.None);
            foreach (TEvent happened in events)
                _machine.Apply(state, happened);
            version += events.Length;
            if (events.Length < page)
                break;
        }
        // An append of the former load may still reach the store: a new writer never mistakes it for its own.
        _writer = _environment.NewWriter();
        _version = version;
        _state = state;
        _observer.Loaded(state, version);
    }

    private async Task TurnAsync(TState state, List<Envelope> batch)
    {
        Instant now = Instant.From(_environment.Time.GetUtcNow());
        ImmutableArray<TEvent>.Builder events = ImmutableArray.CreateBuilder<TEvent>();
        foreach (Envelope envelope in batch)
            Decide(state, envelope, now, events);
        if (events.Count > 0)
        {
            ImmutableArray<TEvent> happened = events.DrainToImmutable();
            AppendOutcome outcome = await _log.AppendAsync(_version, _writer, happened, state, CancellationToken.None);
            if (outcome == AppendOutcome.Conflict)
                throw new HistoryUnavailableException("Another writer has appended.");
            _version += happened.Length;
            _observer.Committed(state, _version, happened);
        }
        // Effects first: whoever is answered may count on them being under way.
        SettleEffects(state);
        foreach (Envelope envelope in batch)
            envelope.Answer();
    }

    private void Decide(TState state, Envelope envelope, Instant now, ImmutableArray<TEvent>.Builder events)
    {
        if (envelope.Message is not { } message)
            return;
        Decision<TEvent, TReply> decision;
        try
        {
            decision = _machine.Handle(state, message, now);
        }
#pragma warning disable CA1031 // Deciding changes nothing, so one message that the machine cannot stand fails alone.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            DriverLog.MessageFailed(_environment.Log, _key, fault);
            envelope.Fail(fault);
            return;
        }
        envelope.Reply = decision.Reply;
        foreach (TEvent happened in decision.Events)
        {
            _machine.Apply(state, happened);
            events.Add(happened);
        }
    }

    /// <summary>After a fault the machine may owe something that no caller will ask for again, so the driver reads the history by itself.</summary>
    private void RetryLater()
    {
        lock (_gate)
        {
            if (_retrying || _stopped)
                return;
            _retrying = true;
        }
        _ = RetryAsync();

        async Task RetryAsync()
        {
            try
            {
                await Task.Delay(_environment.RetryAfter, _environment.Time, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            lock (_gate)
                _retrying = false;
            Kick();
        }
    }

    /// <summary>A message, or the wish to be loaded, with the place for its answer.</summary>
    private sealed class Envelope(TMessage? message)
    {
        private readonly TaskCompletionSource<TReply> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TMessage? Message => message;

        public TReply? Reply { get; set; }

        public void Answer() => _answer.TrySetResult(Reply!);

        public void Fail(Exception fault) => _answer.TrySetException(fault);

        /// <summary>Cancelling gives up the wait, not the message.</summary>
        public async Task<TReply> ReplyAsync(CancellationToken cancellation)
        {
            using CancellationTokenRegistration _ = cancellation.UnsafeRegister(
                static (source, token) => ((TaskCompletionSource<TReply>)source!).TrySetCanceled(token), _answer);
            return await _answer.Task;
        }
    }
}
