using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Astraea.Cli.Cluster;
using Astraea.Cli.Demo.Plan;
using Astraea.Cli.Demo.Replay;
using Astraea.Client;
using Astraea.Client.Wire;
using Astraea.Core.Determinism;
using Astraea.Worker.Models.Mini;

namespace Astraea.Bench.Cluster;

/// <summary>
/// Two worker processes, four fifths of the agents at home on the first because the second joined later; with and without moving their KV. The same agents,
/// arrivals, texts and tool times in every run; then again with both workers there from the start.
/// </summary>
internal static class SkewedSessions
{
    // Large enough that computing outweighs talking about it: about 5 M parameters, 3 KB of KV a token.
    private static readonly TinyShape s_shape = new(256, 6, 4, 1, 64, 768, 8192);

    public static async Task<int> RunAsync(Arguments arguments)
    {
        int rounds = arguments.Number("rounds", 3), agents = arguments.Number("agents", 16), loops = arguments.Number("loops", 8);
        int context = arguments.Number("context", 3000), output = arguments.Number("output", 60);
        double pause = arguments.Fraction("pause", 1.2);
        string folder = Directory.CreateTempSubdirectory("astraea-bench-").FullName;
        string model = Path.Combine(folder, "model");
        TinyModel.WriteTo(model, s_shape);
        bool equal = true;
        foreach (bool skewed in (bool[])[true, false])
        {
            List<double> ratios = [];
            for (int round = 0; round < rounds; round++)
            {
                Dictionary<bool, Outcome> outcomes = [];
                // Turn and turn about, so that a slow minute of the machine does not always meet the same side.
                foreach (bool migrate in round % 2 == 0 ? (bool[])[false, true] : [true, false])
                    outcomes[migrate] = await PlayAsync(arguments.Silo, Path.Combine(folder, $"{skewed}-{round}-{migrate}"), model, skewed, migrate, Plan(agents, loops, context, output, pause, (ulong)round + 1));
                bool same = outcomes[true].Hashes.SequenceEqual(outcomes[false].Hashes);
                equal &= same;
                ratios.Add(outcomes[true].MeanSeconds / outcomes[false].MeanSeconds);
                Figures.Line($"{(skewed ? "4:1" : "even")} round {round + 1}: without {outcomes[false]}; with {outcomes[true]}; ratio {ratios[^1]:0.000}; outputs {(same ? "identical" : "DIFFER")}");
            }
            Figures.Line($"{(skewed ? "4:1" : "even")}: mean schedulable JCT with migration over without: {Figures.Quantile(ratios, 0.5):0.000} (median of {rounds}, {ratios.Min():0.000} to {ratios.Max():0.000})");
        }
        Directory.Delete(folder, recursive: true);
        return equal ? 0 : 1;
    }

    /// <summary>Everybody sends a long prompt alone, waits until all have, and then loops: a short segment, a tool.</summary>
    private static ReplayPlan Plan(int agents, int loops, int context, int output, double pause, ulong seed)
    {
        SeededGenerator draws = new SeedTree(seed).Child("skew", 0).Generator();
        int early = agents * 4 / 5;
        // Each prompt has the worker to itself, so that the beginning is the same for everybody.
        double apart = context / 2000.0, join = JoinSeconds(agents, context) + 5, begin = join + (apart * (agents - early)) + 3;
        return new ReplayPlan(seed, [.. Enumerable.Range(0, agents).Select(Agent)]);

        PlannedRequest Agent(int index)
        {
            // The last fifth comes when the second worker is there; the others were alone with the first.
            TimeSpan arrival = TimeSpan.FromSeconds(index >= early ? join + (apart * (index - early)) : apart * index);
            var segments = ImmutableArray.CreateBuilder<PlannedSegment>(loops + 2);
            segments.Add(new PlannedSegment(context, 16, "tool", TimeSpan.FromSeconds(begin) - arrival + Pause()));
            for (int i = 0; i < loops; i++)
                segments.Add(new PlannedSegment(60, output, "tool", Pause()));
            segments.Add(new PlannedSegment(60, output, null, TimeSpan.Zero));
            return new PlannedRequest(index, $"agent {index}", "skew", arrival, segments.ToImmutable());
        }

        TimeSpan Pause() => TimeSpan.FromSeconds(-pause * Math.Log(1 - draws.NextDouble()));
    }

    private static double JoinSeconds(int agents, int context) => context / 2000.0 * (agents * 4 / 5);

    private static async Task<Outcome> PlayAsync(string silo, string folder, string model, bool skewed, bool migrate, ReplayPlan plan)
    {
        Directory.CreateDirectory(folder);
        await using TemporaryPostgres postgres = await TemporaryPostgres.StartAsync(CancellationToken.None);
        ClusterPlan shared = LocalCluster.NewPlan(silo, folder, postgres.Server.ConnectionString(), new Dictionary<string, string>
        {
            ["Model:Path"] = model,
            ["Model:Name"] = "skew",
            ["Scheduler:Migrate"] = migrate ? "true" : "false",
            ["Worker:Threads"] = "1",
            ["Worker:DeviceBlocks"] = (plan.Requests.Length * 320).ToString(CultureInfo.InvariantCulture),
            ["Worker:HostBlocks"] = (plan.Requests.Length * 320).ToString(CultureInfo.InvariantCulture),
        });
        MemberPlan[] members = [new("control0", "gateway,control"), new("worker0", "worker"), new("worker1", "worker")];
        await using LocalCluster cluster = await LocalCluster.StartAsync(shared, skewed ? members[..2] : members, null, CancellationToken.None);
        using AstraeaClient client = new(cluster.Gateways[0], shared.ApiKey);
        await client.CompleteChatAsync(new ChatRequest("skew", [ChatMessage.User("Are you there?")]) { MaxTokens = 8 });
        ReplayAgent agent = new(client, "skew", plan, Stopwatch.GetTimestamp());
        Task joining = skewed ? JoinAsync() : Task.CompletedTask;
        RequestOutcome[] outcomes = await Task.WhenAll(plan.Requests.Select(r => agent.PlayAsync(r, CancellationToken.None)));
        await joining;
        if (outcomes.FirstOrDefault(o => !o.IsCompleted) is { } failed)
            throw new InvalidOperationException($"{failed.Planned.Name} failed: {failed.Error}");
        AgentRequestReport[] reports = await Task.WhenAll(outcomes.Select(o => client.GetAgentRequestAsync(o.AgentRequest!)));
        return new Outcome(
            outcomes.Average(o => o.SchedulableSeconds), reports.Sum(r => r.Receipt.Migrations), reports.Sum(r => r.Receipt.RecomputedTokens),
            [.. outcomes.Select(o => o.OutputHash)]);

        async Task JoinAsync()
        {
            await Task.Delay(TimeSpan.FromSeconds(JoinSeconds(plan.Requests.Length, plan.Requests[0].Segments[0].NewTokens)));
            await cluster.StartMemberAsync(members[2], CancellationToken.None);
        }
    }

    private sealed record Outcome(double MeanSeconds, long Migrations, long RecomputedTokens, ImmutableArray<string> Hashes)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{MeanSeconds:0.00} s ({Migrations} moves, {RecomputedTokens} tokens computed again)");
    }
}
