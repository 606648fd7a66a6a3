using Astraea.Core.Determinism;

namespace Astraea.Simulation.Tests;

/// <summary>The one thread of a simulated world. Whatever is ready runs one piece at a time, in an order the seed chooses.</summary>
internal sealed class Pump(SeededGenerator chance)
{
    private readonly List<(SimProcess Owner, SendOrPostCallback Work, object? State)> _ready = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private volatile string? _fault;

    /// <summary>Pieces run so far.</summary>
    public long Steps { get; private set; }

    /// <summary>The first thing that must never happen: a post from another thread, or an exception nobody caught.</summary>
    public string? Fault => _fault;

    public void Post(SimProcess owner, SendOrPostCallback work, object? state)
    {
        if (!owner.Alive)
            return;
        if (Environment.CurrentManagedThreadId != _thread)
            Fail($"A post to {owner.Name} came from another thread: something left the pump.\n{Environment.StackTrace}");
        else
            _ready.Add((owner, work, state));
    }

    public void Fail(string fault) => _fault ??= fault;

    /// <summary>Runs one piece of a living process; false when nothing is ready.</summary>
    public bool Step()
    {
        while (_ready.Count > 0)
        {
            // Thread pools promise no order either; a narrow window keeps old work from waiting for ever.
            int index = chance.NextInt(Math.Min(_ready.Count, 4));
            (SimProcess owner, SendOrPostCallback work, object? state) = _ready[index];
            _ready.RemoveAt(index);
            if (!owner.Alive)
                continue;
            Steps++;
            SynchronizationContext.SetSynchronizationContext(owner);
            work(state);
            return true;
        }
        return false;
    }
}

/// <summary>A process of the simulated world: the scheduler of everything that runs inside it. When it crashes, all that was under way is gone.</summary>
internal sealed class SimProcess(string name, Pump pump) : SynchronizationContext
{
    public string Name => name;

    public bool Alive { get; private set; } = true;

    public void Crash() => Alive = false;

    /// <summary>Begins something inside the process.</summary>
    public void Start(Func<Task> body) => pump.Post(this, _ => RunAsync(body), null);

    public override void Post(SendOrPostCallback d, object? state) => pump.Post(this, d, state);

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nothing may block in a simulation.");

    public override SynchronizationContext CreateCopy() => this;

    private async void RunAsync(Func<Task> body)
    {
        try
        {
            await body();
        }
        catch (Exception fault)
        {
            pump.Fail($"{name}: {fault}");
        }
    }
}
