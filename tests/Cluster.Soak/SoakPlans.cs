using System.Diagnostics;
using Astraea.Cli.Cluster;
using Astraea.Cluster.Soak.Faults;
using Astraea.Core.Determinism;

namespace Astraea.Cluster.Soak;

/// <summary>What is done to a cluster, and in which order.</summary>
internal static class SoakPlans
{
    public static IReadOnlyList<string> Names { get; } = ["none", "kills", "short-kills", "rolling", "freeze", "database", "cold", "mixed"];

    public static Task RunAsync(string plan, FaultRun run, ulong seed, TimeSpan duration) => plan switch
    {
        "none" => Task.Delay(duration),
        "kills" => KillsAsync(run),
        "short-kills" => ShortKillsAsync(run),
        "rolling" => RollingAsync(run),
        "freeze" => FreezeAsync(run),
        "database" => run.StopDatabaseAsync(TimeSpan.FromSeconds(20)),
        "cold" => run.KillAllAsync(),
        "mixed" => MixedAsync(run, seed, duration),
        _ => throw new ArgumentException($"There is no plan '{plan}'.", nameof(plan)),
    };

    /// <summary>kill -9 of each role in turn.</summary>
    public static async Task KillsAsync(FaultRun run)
    {
        await run.KillAsync("worker0", "");
        await run.KillAsync("gateway0", "");
        await run.KillAsync(Scheduler(run), ", hosts the scheduler");
        await run.KillAsync(Other(run), ", hosts requests only");
    }

    /// <summary>The same in short: who is killed stays away, and one control process joins so that the last one can be killed too.</summary>
    public static async Task ShortKillsAsync(FaultRun run)
    {
        await run.KillAsync("worker0", "", again: false);
        await run.KillAsync("gateway0", "", again: false);
        await run.KillAsync(Other(run), ", hosts requests only", again: false);
        await run.JoinAsync(new MemberPlan("control2", "gateway,control"));
        await run.KillAsync(Scheduler(run), ", hosts the scheduler", again: false);
    }

    /// <summary>Every process is asked to end and started again, one after the other.</summary>
    public static async Task RollingAsync(FaultRun run)
    {
        foreach (string name in run.Cluster.Members.Select(m => m.Plan.Name).ToArray())
            await run.RestartAsync(name);
    }

    private static async Task FreezeAsync(FaultRun run)
    {
        await run.FreezeAsync(Scheduler(run), TimeSpan.FromSeconds(30));
        await run.FreezeAsync("worker1", TimeSpan.FromSeconds(30));
    }

    private static async Task MixedAsync(FaultRun run, ulong seed, TimeSpan duration)
    {
        SeededGenerator draws = new SeedTree(seed).Child("faults", 0).Generator();
        string[] names = [.. run.Cluster.Members.Select(m => m.Plan.Name)];
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < duration)
        {
            string name = names[draws.NextInt(names.Length)];
            switch (draws.NextInt(8))
            {
                case < 4:
                    await run.KillAsync(name, name == Scheduler(run) ? ", hosts the scheduler" : "");
                    break;
                case < 6:
                    await run.RestartAsync(name);
                    break;
                case 6:
                    await run.FreezeAsync(name, TimeSpan.FromSeconds(2 + draws.NextInt(28)));
                    break;
                default:
                    await run.StopDatabaseAsync(TimeSpan.FromSeconds(2 + draws.NextInt(18)));
                    break;
            }
            await Task.Delay(TimeSpan.FromSeconds(draws.NextInt(10)));
        }
    }

    private static string Scheduler(FaultRun run) => run.Log.SchedulerProcess;

    private static string Other(FaultRun run) => run.Cluster.Members.Select(m => m.Plan).First(m => m.IsControl && m.Name != Scheduler(run)).Name;
}
