using System.Collections.Immutable;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using BenchmarkDotNet.Attributes;

namespace Astraea.Bench.Core;

/// <summary>Means of the decisions a scheduler takes; percentiles are in <see cref="Measurements"/>.</summary>
[MemoryDiagnoser]
[ShortRunJob]
public class DecidingBenchmarks
{
    private Pool _pool = null!;
    private PullRequest _pull = null!;
    private RequestStatus _picture = null!;

    /// <summary>Ready segments.</summary>
    [Params(8, 1_000, 100_000)]
    public int Ready { get; set; }

    /// <summary>Policy.</summary>
    [Params("astraea", "astraea-paper", "program-fcfs")]
    public string Policy { get; set; } = "";

    /// <summary>One worker with 32 leases, slots, and no memory: all ready segments are ranked, none is given, so each round finds the same.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _pool = new Pool(Policy);
        _pool.Join(1);
        ImmutableArray<HeldLease> held = [.. Enumerable.Range(0, 32).Select(_ => _pool.Running(0))];
        for (int i = 0; i < Ready; i++)
            _picture = _pool.Ready(1, 60);
        _pull = Pool.Idle(0, 32, 0, held);
    }

    /// <summary>A pull that ranks and gives nothing.</summary>
    [Benchmark]
    public Plan Pull() => _pool.Pull(_pull);

    /// <summary>A newer picture of a ready request.</summary>
    [Benchmark]
    public void Tell()
    {
        _picture = _picture with { Version = _picture.Version + 1 };
        _pool.Tell(_picture);
    }
}
