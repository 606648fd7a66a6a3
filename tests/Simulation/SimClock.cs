namespace Astraea.Simulation.Tests;

/// <summary>Virtual time: it stands still while anything is ready, then jumps to the next moment something was planned for.</summary>
internal sealed class SimClock
{
    private readonly PriorityQueue<(SimProcess Owner, Action Work), (long Ticks, long Order)> _planned = new();
    private long _order;

    /// <summary>Since the world began.</summary>
    public TimeSpan Now { get; private set; }

    public void After(SimProcess owner, TimeSpan wait, Action work) => _planned.Enqueue((owner, work), ((Now + wait).Ticks, _order++));

    /// <summary>Moves to the next planned moment and posts what was planned for it; false when nothing is.</summary>
    public bool Advance()
    {
        while (_planned.TryDequeue(out (SimProcess Owner, Action Work) next, out (long Ticks, long Order) at))
        {
            if (!next.Owner.Alive)
                continue;
            Now = TimeSpan.FromTicks(Math.Max(Now.Ticks, at.Ticks));
            next.Owner.Post(static work => ((Action)work!)(), next.Work);
            return true;
        }
        return false;
    }
}

/// <summary>The clock of one process: its wall clock may be wrong, its timers die with it.</summary>
internal sealed class SimTime(SimClock clock, SimProcess owner, TimeSpan wrongBy) : TimeProvider
{
    private static readonly DateTimeOffset s_begin = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => s_begin + clock.Now + wrongBy;

    public override long GetTimestamp() => clock.Now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        SimTimer timer = new(clock, owner, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimTimer(SimClock clock, SimProcess owner, TimerCallback callback, object? state) : ITimer
    {
        private int _setting;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _setting++;
            if (dueTime >= TimeSpan.Zero)
                Plan(dueTime, period, _setting);
            return true;
        }

        public void Dispose() => _setting++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        private void Plan(TimeSpan due, TimeSpan period, int setting) => clock.After(owner, due, () =>
        {
            if (setting != _setting)
                return;
            if (period > TimeSpan.Zero)
                Plan(period, period, setting);
            callback(state);
        });
    }
}
