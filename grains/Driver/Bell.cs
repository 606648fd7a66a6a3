namespace Astraea.Grains.Driver;

/// <summary>Wakes everybody who waits for a change. Count first, look, then wait for the count to move: no ring is missed and nobody polls.</summary>
public sealed class Bell(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly HashSet<TaskCompletionSource> _waiting = [];
    private long _rings;

    /// <summary>How often it has rung.</summary>
    public long Rings
    {
        get
        {
            lock (_gate)
                return _rings;
        }
    }

    /// <summary>Wakes all.</summary>
    public void Ring()
    {
        TaskCompletionSource[] woken;
        lock (_gate)
        {
            _rings++;
            if (_waiting.Count == 0)
                return;
            woken = [.. _waiting];
            _waiting.Clear();
        }
        foreach (TaskCompletionSource waiter in woken)
            waiter.TrySetResult();
    }

    /// <summary>Waits until it has rung more often than <paramref name="heard"/>, or the time is over.</summary>
    /// <exception cref="OperationCanceledException">The wait was given up.</exception>
    public async Task WaitAsync(long heard, TimeSpan wait, CancellationToken cancellation)
    {
        if (wait <= TimeSpan.Zero)
            return;
        TaskCompletionSource waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_rings != heard)
                return;
            _waiting.Add(waiter);
        }
        try
        {
            using ITimer timer = time.CreateTimer(static w => ((TaskCompletionSource)w!).TrySetResult(), waiter, wait, Timeout.InfiniteTimeSpan);
            using CancellationTokenRegistration gaveUp = cancellation.UnsafeRegister(
                static (w, token) => ((TaskCompletionSource)w!).TrySetCanceled(token), waiter);
            await waiter.Task;
        }
        finally
        {
            lock (_gate)
                _waiting.Remove(waiter);
        }
    }
}
