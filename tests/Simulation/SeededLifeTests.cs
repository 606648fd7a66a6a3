using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Astraea.Simulation.Tests;

/// <summary>
/// The whole of control, driver and machines under seeds: crashes between any two steps, lost, doubled and late messages, appends that fail or are
/// committed unheard, wrong clocks. Every invariant holds at every seed, and one seed is one world. <c>ASTRAEA_SEED</c> runs one seed alone;
/// <c>ASTRAEA_SEED_LOG</c> names a file for its event log.
/// </summary>
public sealed class SeededLifeTests
{
    private const string SeedVariable = "ASTRAEA_SEED";
    private const string LogVariable = "ASTRAEA_SEED_LOG";
    private const int Seeds = 2000;

    [Fact]
    public void Every_seed_keeps_the_invariants_and_together_they_reach_every_rare_branch()
    {
        if (Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 } chosen)
        {
            World world = new(ulong.Parse(chosen), keepLog: true);
            ImmutableArray<string> broken = world.Run();
            if (Environment.GetEnvironmentVariable(LogVariable) is { Length: > 0 } path)
                File.WriteAllLines(path, world.EventLog);
            Assert.True(broken.IsEmpty, Report(ulong.Parse(chosen), broken, world.EventLog));
            return;
        }
        ConcurrentQueue<string> reports = new();
        Parallel.For(1, Seeds + 1, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, (seed, loop) =>
        {
            ImmutableArray<string> broken = new World((ulong)seed).Run();
            if (broken.IsEmpty)
                return;
            reports.Enqueue(Report((ulong)seed, broken, []));
            if (reports.Count > 5)
                loop.Stop();
        });
        Assert.True(reports.IsEmpty, string.Join('\n', reports));
        string[] unreached = [.. Marks.All.Where(mark => Marks.Hits(mark) == 0)];
        Assert.True(unreached.Length == 0, $"No seed reached: {string.Join("; ", unreached)}");
    }

    [Fact]
    public void The_same_seed_gives_the_same_event_log()
    {
        for (ulong seed = 1; seed <= 60; seed++)
        {
            World first = new(seed, keepLog: true);
            World second = new(seed, keepLog: true);
            first.Run();
            second.Run();
            Assert.Equal(first.EventLog, second.EventLog);
            Assert.Equal(first.LogHash, second.LogHash);
            Assert.True(first.EventLog.Count > 20);
        }
    }

    [Fact]
    public void A_disk_without_a_fence_is_found_out() =>
        Assert.Contains(Enumerable.Range(1, 200), seed => !new World((ulong)seed, durable: new UnfencedDisk()).Run().IsEmpty);

    [Fact]
    public void A_disk_that_forgets_is_found_out() =>
        Assert.Contains(Enumerable.Range(1, 20), seed => new World((ulong)seed, durable: new ForgetfulDisk()).Run().Any(b => b.Contains("I1")));

    private static string Report(ulong seed, ImmutableArray<string> broken, IReadOnlyList<string> log) =>
        $"""
        Seed {seed}: {string.Join("\n  ", broken)}
        Replay: {SeedVariable}={seed} dotnet test tests/Simulation --filter {nameof(Every_seed_keeps_the_invariants_and_together_they_reach_every_rare_branch)}
        {string.Join('\n', log)}
        """;
}
