using Astraea.Core.Determinism;

namespace Astraea.Simulation.Tests;

/// <summary>What goes wrong, and how often. Everything is drawn from the seed; after <see cref="Stop"/> nothing goes wrong any more.</summary>
internal sealed class Faults(SeedTree seeds)
{
    private readonly SeededGenerator _network = seeds.Child("network").Generator();
    private readonly SeededGenerator _disk = seeds.Child("disk").Generator();
    private readonly SeededGenerator _crashes = seeds.Child("crashes").Generator();

    public bool Active { get; private set; } = true;

    public void Stop() => Active = false;

    /// <summary>How long until a message arrives, or null when it never does.</summary>
    public TimeSpan? Arrival()
    {
        if (Happens(_network, 0.03))
            return null;
        double longest = Happens(_network, 0.05) ? 4 : 0.01;
        return TimeSpan.FromSeconds(_network.NextDouble() * longest);
    }

    public bool Duplicates() => Happens(_network, 0.04);

    public DiskFault Disk() => !Active ? DiskFault.None : _disk.NextInt(100) switch
    {
        < 2 => DiskFault.FailBefore,
        < 4 => DiskFault.LoseAnswer,
        _ => DiskFault.None,
    };

    public TimeSpan DiskDelay() => TimeSpan.FromSeconds(_disk.NextDouble() * (Happens(_disk, 0.03) ? 3 : 0.004));

    public bool ControlCrashes() => Happens(_crashes, 0.001);

    public bool WorkerCrashes() => Happens(_crashes, 0.0006);

    public bool WorkerIsCutOff() => Happens(_crashes, 0.0008);

    /// <summary>Long enough for the scheduler to give its segments to others.</summary>
    public TimeSpan CutOff() => TimeSpan.FromSeconds(11 + (_crashes.NextDouble() * 8));

    public TimeSpan Downtime() => TimeSpan.FromSeconds(0.05 + (_crashes.NextDouble() * 2));

    /// <summary>How wrong a process's wall clock is.</summary>
    public TimeSpan ClockError() => TimeSpan.FromSeconds(Happens(_crashes, 0.3) ? _crashes.NextInt(-40, 40) : 0);

    public Guid NewGuid() => new((int)_crashes.NextUInt64(), 0, 0, BitConverter.GetBytes(_crashes.NextUInt64()));

    private bool Happens(SeededGenerator chance, double probability) => chance.NextDouble() < probability && Active;
}

/// <summary>What an append meets.</summary>
internal enum DiskFault
{
    None,
    FailBefore,
    LoseAnswer,
}
