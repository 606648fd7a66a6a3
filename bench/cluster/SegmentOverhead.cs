using System.Diagnostics;
using Astraea.Cli.Cluster;
using Astraea.Cli.Demo.Replay;
using Astraea.Client;
using Astraea.Client.Wire;

namespace Astraea.Bench.Cluster;

/// <summary>What a segment costs more in a cluster than in one process: the same calls, one after the other, turn and turn about.</summary>
internal static class SegmentOverhead
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        int rounds = arguments.Number("rounds", 5), calls = arguments.Number("calls", 60), tokens = arguments.Number("tokens", 32);
        string folder = Directory.CreateTempSubdirectory("astraea-bench-").FullName;
        await using TemporaryPostgres postgres = await TemporaryPostgres.StartAsync(CancellationToken.None);
        ClusterPlan plan = LocalCluster.NewPlan(
            arguments.Silo, folder, postgres.Server.ConnectionString(), new Dictionary<string, string> { ["Worker:Threads"] = "1" });
        await using LocalCluster cluster = await LocalCluster.StartAsync(plan, MemberPlan.Of(3, 1), null, CancellationToken.None);
        await using IReplayTarget local = await NodeProcess.StartAsync(new NodeOptions(arguments.Silo, "astraea", 1, null, null), CancellationToken.None);
        using AstraeaClient toCluster = new(cluster.Gateways[0], plan.ApiKey);
        using AstraeaClient toLocal = new(local.Endpoints[0], local.ApiKey);
        await MeasureAsync(toCluster, 100, tokens);
        await MeasureAsync(toLocal, 100, tokens);
        List<double> added = [];
        for (int round = 0; round < rounds; round++)
        {
            double[] one = await MeasureAsync(toLocal, calls, tokens);
            double[] many = await MeasureAsync(toCluster, calls, tokens);
            added.Add(Figures.Quantile(many, 0.5) - Figures.Quantile(one, 0.5));
            Figures.Line($"round {round + 1}: one process p50 {Figures.Quantile(one, 0.5):0.0} ms p99 {Figures.Quantile(one, 0.99):0.0} ms; cluster p50 {Figures.Quantile(many, 0.5):0.0} ms p99 {Figures.Quantile(many, 0.99):0.0} ms");
        }
        Figures.Line($"added per segment of {tokens} tokens: {Figures.Quantile(added, 0.5):0.0} ms p50 (median of {rounds} rounds, {added.Min():0.0} to {added.Max():0.0})");
        double[] perStep = await ReportsPerStepAsync(toCluster, tokens);
        Figures.Line($"calls to a request's grain that bring tokens, over tokens of that request, one token a step: {perStep.Average():0.00} (most {perStep.Max():0.00})");
        Directory.Delete(folder, recursive: true);
        return perStep.Max() <= 1 ? 0 : 1;
    }

    /// <summary>Each report that brought tokens left one event. Several requests at once, so that steps are shared.</summary>
    private static async Task<double[]> ReportsPerStepAsync(AstraeaClient client, int tokens)
    {
        return await Task.WhenAll(Enumerable.Range(0, 16).Select(async i =>
        {
            ChatRequest request = new("astraea-tiny", [ChatMessage.User($"Together {i}")]) { MaxTokens = 8 * tokens, MinTokens = 8 * tokens, IgnoreEos = true, Seed = i };
            ChatCompletion answer = await client.CompleteChatAsync(request);
            AgentRequestReport report = await client.GetAgentRequestAsync(answer.AgentRequest!);
            return (double)report.Events.Count(e => e.GetProperty("type").GetString() is "tokens_generated" or "segment_ended") / answer.Usage.CompletionTokens;
        }));
    }

    private static async Task<double[]> MeasureAsync(AstraeaClient client, int calls, int tokens)
    {
        double[] took = new double[calls];
        for (int i = 0; i < calls; i++)
        {
            ChatRequest request = new("astraea-tiny", [ChatMessage.User($"Call {i} says hello to whoever listens.")])
            {
                MaxTokens = tokens, MinTokens = tokens, IgnoreEos = true, Seed = i,
            };
            long from = Stopwatch.GetTimestamp();
            await client.CompleteChatAsync(request);
            took[i] = Stopwatch.GetElapsedTime(from).TotalMilliseconds;
        }
        return took;
    }
}
