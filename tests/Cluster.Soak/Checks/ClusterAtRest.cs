using System.Diagnostics;
using Astraea.Client;
using Astraea.Core.Scheduling;

namespace Astraea.Cluster.Soak.Checks;

/// <summary>When all requests have ended, no worker computes and no block is held.</summary>
internal static class ClusterAtRest
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(40);

    /// <summary>Waits for rest.</summary>
    /// <returns>What is not at rest when the time is over; empty when all is.</returns>
    public static async Task<IReadOnlyList<string>> ProblemsAsync(Uri gateway, string apiKey, int workers)
    {
        using AstraeaClient client = new(gateway, apiKey);
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            ClusterView view = await client.GetClusterAsync();
            List<string> problems = [];
            if (view.Workers.Length != workers)
                problems.Add($"{view.Workers.Length} workers instead of {workers}");
            problems.AddRange(view.Requests.Select(r => $"request {r.Request} is {r.Phase}: {r.Reason}"));
            problems.AddRange(view.Workers.Where(w => w.Running + w.Queued > 0).Select(w => $"{w.Worker} runs {w.Running} and queues {w.Queued}"));
            problems.AddRange(view.Workers.Where(w => w.BlocksFree != w.BlocksTotal).Select(w => $"{w.Worker} has {w.BlocksFree} of {w.BlocksTotal} blocks free"));
            if (problems.Count == 0 || Stopwatch.GetElapsedTime(started) > s_limit)
                return problems;
            await Task.Delay(200);
        }
    }
}
