using Astraea.Cli.Cluster;
using Astraea.Cluster.Soak;
using Astraea.Cluster.Soak.Faults;

if (args is not [var silo, var plan, .. var rest] || !File.Exists(silo) || !SoakPlans.Names.Contains(plan))
{
    Console.Error.WriteLine($"usage: astraea-soak SILO.dll {string.Join('|', SoakPlans.Names)} [seed] [live agents] [seconds]");
    return 2;
}
ulong seed = rest.Length > 0 ? ulong.Parse(rest[0]) : 1;
int live = rest.Length > 1 ? int.Parse(rest[1]) : 60;
TimeSpan duration = TimeSpan.FromSeconds(rest.Length > 2 ? int.Parse(rest[2]) : 600);
FaultRunOptions options = new(silo, FaultRunOptions.FiveProcesses, FaultRunOptions.UsualSettings, seed, live, Console.WriteLine);
try
{
    await using FaultRun run = await FaultRun.StartAsync(options);
    Console.WriteLine($"logs in {run.LogFolder}");
    await run.WarmUpAsync();
    await SoakPlans.RunAsync(plan, run, seed, duration);
    FaultReport report = await FaultReport.MakeAsync(run, options, TimeSpan.FromMinutes(3));
    Console.WriteLine(report.Text);
    foreach (string problem in report.Problems)
        Console.WriteLine($"PROBLEM {problem}");
    Console.WriteLine(report.Problems.Count == 0 ? "all invariants hold" : $"{report.Problems.Count} problems; seed {seed}");
    return report.Problems.Count == 0 ? 0 : 1;
}
catch (Exception e) when (e is FaultRunException or ClusterException or PostgresServerException)
{
    Console.Error.WriteLine($"astraea-soak: {e.Message}");
    return 1;
}
