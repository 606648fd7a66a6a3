using System.Collections.Immutable;
using Astraea.Core.Determinism;

namespace Astraea.Core.Workloads;

/// <summary>Takes some requests of a larger workload, every category in proportion.</summary>
public static class WorkloadSample
{
    /// <summary>Draws without replacement inside each category; a category that runs out is started again, its copies named <c>id#2</c> and so on.</summary>
    /// <param name="source">The workload; not empty.</param>
    /// <param name="seed">Same seed, same sample in the same order.</param>
    /// <param name="count">How many (requests).</param>
    public static ImmutableArray<WorkloadRequest> Take(ImmutableArray<WorkloadRequest> source, ulong seed, int count)
    {
        ArgumentOutOfRangeException.ThrowIfZero(source.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        // Ordered by name, so that the order of lines in the file does not matter to the categories.
        WorkloadRequest[][] categories = [.. source.GroupBy(static r => r.Category).OrderBy(static g => g.Key, StringComparer.Ordinal).Select(static g => g.ToArray())];
        var tree = new SeedTree(seed).Child("sample");
        int[] quotas = CategoryQuotas.Split(count, [.. categories.Select(static c => c.Length)]);
        var taken = new List<WorkloadRequest>(count);
        for (int category = 0; category < categories.Length; category++)
        {
            SeededGenerator draws = tree.Child(categories[category][0].Category).Generator();
            for (int round = 1, left = quotas[category]; left > 0; round++)
            {
                RandomOrder.Shuffle(categories[category], draws);
                int now = Math.Min(left, categories[category].Length);
                taken.AddRange(categories[category].Take(now).Select(r => round == 1 ? r : r with { Id = $"{r.Id}#{round}" }));
                left -= now;
            }
        }
        WorkloadRequest[] sample = [.. taken];
        RandomOrder.Shuffle(sample, tree.Child("order").Generator());
        return [.. sample];
    }

    /// <summary>Draws the tool times that a trace does not give: exponential, so that nothing is assumed but the mean.</summary>
    /// <param name="requests">The workload.</param>
    /// <param name="seed">Same seed, same times.</param>
    /// <param name="meanSeconds">Their mean (s).</param>
    public static ImmutableArray<WorkloadRequest> DrawUnknownToolTimes(ImmutableArray<WorkloadRequest> requests, ulong seed, double meanSeconds)
    {
        SeededGenerator draws = new SeedTree(seed).Child("tool-seconds").Generator();
        return [.. requests.Select(r => r with { Segments = [.. r.Segments.Select(Fill)] })];

        WorkloadSegment Fill(WorkloadSegment segment) =>
            segment is { Tool: not null, ToolSeconds: null } ? segment with { ToolSeconds = draws.NextExponential() * meanSeconds } : segment;
    }
}
