using System.Collections.Concurrent;
using Astraea.Core;

namespace Astraea.Worker.Engine;

/// <summary>The engine's own thread: takes commands between steps, steps while there is work, and sleeps on a signal otherwise.</summary>
internal sealed class EngineLoop : IDisposable
{
    private static readonly TimeSpan SleepAtMost = TimeSpan.FromSeconds(1);
    private readonly EngineCore _core;
    private readonly TimeProvider _time;
    private readonly Action _turned;
    private readonly ConcurrentQueue<Action<EngineCore>> _commands = new();
    private readonly AutoResetEvent _signal = new(false);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;
    private volatile WorkerSnapshot _snapshot;
    private volatile bool _stopping;
    private volatile bool _closed;
    private long _turnoverSeen;

    /// <param name="core">Owned from now on.</param>
    /// <param name="name">Of the thread.</param>
    /// <param name="time">Clock of reviews.</param>
    /// <param name="turned">Called by the engine's thread when room was made or KV moved; must not block.</param>
    public EngineLoop(EngineCore core, string name, TimeProvider time, Action turned)
    {
        _core = core;
        _time = time;
        _turned = turned;
        _snapshot = core.Snapshot();
        _thread = new Thread(Run) { Name = $"engine {name}", IsBackground = true };
    }

    /// <summary>The engine as it was after the newest step.</summary>
    public WorkerSnapshot Snapshot => _snapshot;

    /// <summary>Starts the thread; done when the engine has measured itself.</summary>
    public Task StartAsync()
    {
        _thread.Start();
        return _ready.Task;
    }

    /// <summary>Runs a command between two steps.</summary>
    public void Post(Action<EngineCore> command)
    {
        _commands.Enqueue(command);
        _signal.Set();
    }

    /// <summary>Runs a command between two steps and gives back its result.</summary>
    public Task<T> AskAsync<T>(Func<EngineCore, T> command)
    {
        TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(core =>
        {
            try
            {
                T result = command(core);
                Publish(); // Who has the answer sees its effect in the snapshot too.
                answer.TrySetResult(result);
            }
            catch (Exception e)
            {
                answer.TrySetException(e);
            }
        });
        if (_closed)
            answer.TrySetCanceled(); // It may have come too late for the last look at the queue.
        return answer.Task;
    }

    /// <summary>Something that a paused segment waits for has happened.</summary>
    public void Wake() => _signal.Set();

    /// <summary>Ends the thread after the step under way. Segments still inside are returned.</summary>
    public void Dispose()
    {
        _stopping = true;
        _signal.Set();
        if (_thread.ThreadState != ThreadState.Unstarted && Thread.CurrentThread != _thread)
            _thread.Join();
    }

    private void Run()
    {
        Guarded(_core.Calibrate);
        Publish();
        _ready.TrySetResult();
        while (!_stopping)
        {
            while (_commands.TryDequeue(out Action<EngineCore>? command))
                Guarded(() => command(_core));
            bool worked = false;
            Guarded(() => worked = _core.Step());
            Publish();
            if (!worked && _commands.IsEmpty && !_stopping)
                _signal.WaitOne(SleepTime());
        }
        Guarded(() => _core.ReturnAll("the worker stops"));
        _closed = true;
        while (_commands.TryDequeue(out Action<EngineCore>? command))
            Guarded(() => command(_core));
        Publish();
    }

    // Whatever breaks inside a step or a command may have left the device or the accounting half done.
    private void Guarded(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            _core.Fault($"{e.GetType().Name} in the engine: {e.Message}");
        }
    }

    private void Publish()
    {
        _snapshot = _core.Snapshot();
        long turnover = _core.Turnover;
        if (turnover == _turnoverSeen)
            return;
        _turnoverSeen = turnover;
        _turned();
    }

    private TimeSpan SleepTime()
    {
        if (_core.Segments > 0)
            return SleepAtMost; // All of them paused: a reporter wakes us.
        if (_core.Idle.NextReview is not { } review)
            return Timeout.InfiniteTimeSpan;
        TimeSpan wait = review - Instant.From(_time.GetUtcNow());
        return wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait > SleepAtMost ? SleepAtMost : wait;
    }
}
