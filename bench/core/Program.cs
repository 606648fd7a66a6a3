using Astraea.Bench.Core;

string what = args.Length > 0 ? args[0] : "all";
string policy = args.Length > 1 ? args[1] : "astraea";
switch (what)
{
    case "bdn":
        BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(typeof(DecidingBenchmarks).Assembly).Run(["--filter", "*"]);
        break;
    case "memory":
        Measurements.Memory(args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 1_000_000);
        break;
    case "plan":
        Measurements.Plan(policy, 100_000, 1, 256, 0.7, 400);
        break;
    case "pull":
        Measurements.SmallPull(policy, 32, 8, 1, 32, 100_000);
        Measurements.SmallPull(policy, 32, 8, 8, 32, 20_000);
        break;
    case "all":
        Measurements.SmallPull(policy, 32, 8, 1, 32, 100_000);
        Measurements.SmallPull(policy, 32, 8, 8, 32, 20_000);
        Measurements.Tell(policy, 10_000, 50_000);
        Measurements.Plan(policy, 1_000, 1, 256, 0.7, 400);
        Measurements.Plan(policy, 10_000, 1, 256, 0.7, 400);
        Measurements.Plan(policy, 100_000, 1, 256, 0.7, 300);
        Measurements.Plan(policy, 100_000, 8, 256, 0.7, 100);
        Measurements.Plan(policy, 100_000, 1000, 64, 0.95, 20);
        break;
    default:
        Console.Error.WriteLine($"Unknown measurement '{what}'; there are all, plan, pull, memory, bdn.");
        return 2;
}
return 0;
