namespace Astraea.Grains.Driver;

public sealed partial class MachineDriver<TState, TMessage, TEvent, TReply, TEffect>
{
    private readonly Dictionary<TEffect, CancellationTokenSource> _effects = [];
    private readonly HashSet<TEffect> _due = [];

    // Shared with effects that end on other threads; guarded by _gate.
    private readonly List<KeyValuePair<TEffect, CancellationTokenSource>> _failed = [];
    private readonly List<KeyValuePair<TEffect, CancellationTokenSource>> _finished = [];
    private bool _again;
    private int _unfinished;

    /// <summary>Runs once more what has finished and is still owed: whoever it was for has forgotten it.</summary>
    public void RunFinishedAgain()
    {
        lock (_gate)
            _again = true;
        Kick();
    }

    /// <summary>Compares what is owed with what has been started. A finished effect stays known, so that it is not run again.</summary>
    private void SettleEffects(TState state)
    {
        lock (_gate)
        {
            ForgetNeedsLock(_failed);
            if (_again)
                ForgetNeedsLock(_finished);
            _again = false;
        }
        _due.Clear();
        _machine.Owed(state, _due);
        foreach (TEffect gone in _effects.Keys.Where(e => !_due.Contains(e)).ToList())
        {
            _effects.Remove(gone, out CancellationTokenSource? source);
            source!.Cancel();
            lock (_gate)
                _finished.RemoveAll(f => f.Value == source);
        }
        foreach (TEffect effect in _due)
        {
            if (_effects.ContainsKey(effect))
                continue;
            // Not linked to _stopping: a link would be kept for the life of the driver. Stopping cancels each (see below).
            CancellationTokenSource source = new();
            _effects.Add(effect, source);
            lock (_gate)
                _unfinished++;
            _ = RunEffectAsync(state, effect, source);
        }
    }

    private void ForgetNeedsLock(List<KeyValuePair<TEffect, CancellationTokenSource>> over)
    {
        foreach ((TEffect effect, CancellationTokenSource source) in over)
        {
            if (_effects.TryGetValue(effect, out CancellationTokenSource? known) && known == source)
                _effects.Remove(effect);
        }
        over.Clear();
    }

    private async Task RunEffectAsync(TState state, TEffect effect, CancellationTokenSource source)
    {
        using CancellationTokenRegistration stop = _stopping.Token.UnsafeRegister(static s => ((CancellationTokenSource)s!).Cancel(), source);
        try
        {
            await _runner.RunAsync(state, effect, PostAsync, source.Token);
            lock (_gate)
                _finished.Add(new(effect, source));
        }
        catch (OperationCanceledException) when (source.IsCancellationRequested)
        {
            // Owed no more.
        }
#pragma warning disable CA1031 // An effect may fail in any way; it is owed, so it is run again.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            DriverLog.EffectFailed(_environment.Log, _key, effect.ToString() ?? "", fault);
            await RetryEffectAsync(effect, source);
        }
        finally
        {
            lock (_gate)
                _unfinished--;
        }
    }

    private async Task RetryEffectAsync(TEffect effect, CancellationTokenSource source)
    {
        try
        {
            await Task.Delay(_environment.RetryAfter, _environment.Time, source.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        lock (_gate)
            _failed.Add(new(effect, source));
        Kick();
    }
}
