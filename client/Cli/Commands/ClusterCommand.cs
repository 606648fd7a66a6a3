using System.CommandLine;
using Astraea.Cli.Cluster;
using Astraea.Cli.Demo;

namespace Astraea.Cli.Commands;

/// <summary><c>astraea cluster</c>: several silos on this machine over PostgreSQL, and the demo against them.</summary>
internal static class ClusterCommand
{
    private const int SilosMost = 16;

    public static Command Create()
    {
        Option<int> silos = DemoArguments.Whole("--silos", 3, "Processes of the cluster, at least 2.", SilosMost);
        Option<int> controls = DemoArguments.Whole("--controls", 1, "How many of them are gateway and control; the others are workers, each with one engine.", SilosMost);
        Option<string?> postgres = new("--postgres")
        {
            Description = "Connection string of a PostgreSQL database that is empty or was made by this command. Default: a server of its own, deleted at the end.",
            HelpName = "CONNECTION",
        };
        Option<bool> keep = new("--keep") { Description = "No replay: starts the cluster, says how to reach it, and leaves it running until Ctrl-C." };
        Command command = new("cluster", "Starts a cluster of several processes and replays agent requests on it under several policies, as the demo does on one node.")
        {
            silos, controls, postgres, keep,
        };
        DemoArguments arguments = new(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(controls) >= parsed.GetValue(silos))
                throw new ClusterException("--silos must be more than --controls: somebody has to work.");
            IReadOnlyList<MemberPlan> members = MemberPlan.Of(parsed.GetValue(silos), parsed.GetValue(controls));
            DemoOptions options = arguments.Read(parsed, members.Count(static m => m.IsWorker));
            await using ClusterGround ground = await ClusterGround.PrepareAsync(options.SiloPath, members, parsed.GetValue(postgres), Console.Out, cancellation);
            if (parsed.GetValue(keep))
                return await KeepAsync(ground, cancellation);
            return await DemoArguments.RunAsync(options, ground.StartAsync, cancellation);
        });
        return command;
    }

    private static async Task<int> KeepAsync(ClusterGround ground, CancellationToken cancellation)
    {
        await using LocalCluster cluster = await ground.StartClusterAsync(new Dictionary<string, string> { ["Worker:Threads"] = "1" }, cancellation);
        ground.Show(cluster);
        Console.WriteLine($"  ASTRAEA_URL={cluster.Gateways[0].GetLeftPart(UriPartial.Authority)} ASTRAEA_KEY={cluster.Plan.ApiKey} ./astraea cluster-view");
        Console.WriteLine("It runs until Ctrl-C.");
        await cluster.WaitForEndOfOneAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!cancellation.IsCancellationRequested)
            throw new ClusterException($"A process of the cluster has ended by itself.{cluster.LastLines()}");
        return await cluster.StopAsync(TimeSpan.FromSeconds(45)) ? 0 : 1;
    }
}
