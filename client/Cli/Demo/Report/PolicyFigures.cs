using System.Collections.Immutable;
using Astraea.Cli.Demo.Plan;
using Astraea.Cli.Demo.Replay;

namespace Astraea.Cli.Demo.Report;

/// <summary>What one policy did with one plan.</summary>
/// <param name="Policy">Its name.</param>
/// <param name="Seed">Seed of the plan.</param>
/// <param name="Requests">Requests of the plan.</param>
/// <param name="Completed">Of these, completed.</param>
/// <param name="Exact">Of these, with outputs of exactly the tokens asked for.</param>
/// <param name="JctSeconds">Mean, over completed requests as all means (s).</param>
/// <param name="FloorSeconds">Mean of tool time plus time alone: what JCT cannot be below (s).</param>
/// <param name="SchedulableSeconds">Mean of JCT minus recorded tool time (s).</param>
/// <param name="SlowdownMean">Mean of schedulable JCT over time alone.</param>
/// <param name="SlowdownP99">99th percentile of the same.</param>
/// <param name="Preserved">KV decisions: pinned on the device.</param>
/// <param name="Swapped">KV decisions: copied to the host tier.</param>
/// <param name="Discarded">KV decisions: given up.</param>
/// <param name="Migrated">Moves of KV to another worker.</param>
/// <param name="RecomputedTokens">Tokens computed again (tokens).</param>
/// <param name="SwappedOutBytes">Copied to host tiers (By).</param>
/// <param name="SwappedInBytes">Copied back (By).</param>
/// <param name="MigratedBytes">Received from other workers (By).</param>
/// <param name="Preemptions">Segments set aside under memory pressure.</param>
/// <param name="CachedShare">Input tokens found in KV memory over all input tokens.</param>
/// <param name="WorkingSetTokens">Peak of the sum of contexts of live requests, as it was (tokens).</param>
/// <param name="Seconds">From the first arrival's clock to the last answer (s).</param>
internal sealed record PolicyFigures(
    string Policy, ulong Seed, int Requests, int Completed, int Exact, double JctSeconds, double FloorSeconds, double SchedulableSeconds,
    double SlowdownMean, double SlowdownP99, long Preserved, long Swapped, long Discarded, long Migrated, long RecomputedTokens,
    long SwappedOutBytes, long SwappedInBytes, long MigratedBytes, long Preemptions, double CachedShare, double WorkingSetTokens, double Seconds)
{
    /// <summary>Folds outcomes.</summary>
    public static PolicyFigures Of(string policy, ulong seed, ImmutableArray<RequestOutcome> outcomes, CostModel costs)
    {
        RequestOutcome[] done = [.. outcomes.Where(static o => o.IsCompleted)];
        double[] slowdowns = [.. done.Select(o => Math.Max(0, o.SchedulableSeconds) / o.IsolatedSeconds(costs))];
        long Sum(Func<Core.Lifecycle.Receipt, long> of) => outcomes.Where(static o => o.Receipt is not null).Sum(o => of(o.Receipt!));
        double Mean(Func<RequestOutcome, double> of) => done.Length == 0 ? double.NaN : done.Average(of);
        return new PolicyFigures(
            policy, seed, outcomes.Length, done.Length, done.Count(static o => o.IsExact),
            Mean(static o => o.JctSeconds), Mean(o => o.Planned.ToolTime.TotalSeconds + o.IsolatedSeconds(costs)), Mean(static o => o.SchedulableSeconds),
            slowdowns.Length == 0 ? double.NaN : slowdowns.Average(), slowdowns.Length == 0 ? double.NaN : Statistics.Percentile(slowdowns, 0.99),
            Sum(static r => r.Decisions.Preserve), Sum(static r => r.Decisions.Swap), Sum(static r => r.Decisions.Discard), Sum(static r => r.Migrations),
            Sum(static r => r.RecomputedTokens), Sum(static r => r.SwappedOutBytes), Sum(static r => r.SwappedInBytes), Sum(static r => r.MigratedBytes),
            Sum(static r => r.Preemptions), Sum(static r => r.CachedTokens) / Math.Max(1.0, Sum(static r => r.PromptTokens)),
            WorkingSet(done), done.Length == 0 ? 0 : done.Max(static o => o.End));
    }

    /// <summary>Peak of the sum of contexts of live requests: each counts with the input of its current segment, in a tool wait with its output too.</summary>
    private static double WorkingSet(IEnumerable<RequestOutcome> outcomes) => LiveContexts.Peak(outcomes.SelectMany(static outcome =>
    {
        var changes = new List<(double At, double Change)>();
        int held = 0;
        for (int i = 0; i < outcome.Segments.Length; i++)
        {
            PlayedSegment segment = outcome.Segments[i];
            changes.Add((segment.Start, segment.PromptTokens - held));
            changes.Add((segment.End, segment.OutputTokens));
            held = segment.PromptTokens + segment.OutputTokens;
        }
        changes.Add((outcome.End, -held));
        return changes;
    }));
}

/// <summary>One seed: the plan, its calibration, and every policy on the same arrivals.</summary>
/// <param name="Seed">Seed of the plan.</param>
/// <param name="SaturationPerSecond">λ_sat (1/s).</param>
/// <param name="OfferedPerSecond">λ (1/s).</param>
/// <param name="Pool">KV memory of the workers.</param>
/// <param name="Identical">Requests whose output was the same under all policies.</param>
/// <param name="Compared">Requests that completed under all policies.</param>
/// <param name="Policies">In the order they ran.</param>
internal sealed record SeedFigures(
    ulong Seed, double SaturationPerSecond, double OfferedPerSecond, PoolPlan Pool, int Identical, int Compared, ImmutableArray<PolicyFigures> Policies)
{
    /// <summary>Compares the outputs of the same requests under several policies.</summary>
    /// <returns>How many completed everywhere, and of these how many are equal everywhere.</returns>
    public static (int Compared, int Identical) CompareOutputs(IReadOnlyList<ImmutableArray<RequestOutcome>> runs)
    {
        int compared = 0;
        int identical = 0;
        for (int i = 0; i < runs[0].Length; i++)
        {
            if (!runs.All(r => r[i].IsCompleted))
                continue;
            compared++;
            identical += runs.All(r => r[i].OutputHash == runs[0][i].OutputHash) ? 1 : 0;
        }
        return (compared, identical);
    }
}

/// <summary>Everything the demo measured.</summary>
/// <param name="Workload">What was replayed, in words.</param>
/// <param name="TimeScale">Tool times were multiplied by this.</param>
/// <param name="Workers">Workers of the node.</param>
/// <param name="Load">Offered load as a share of λ_sat.</param>
/// <param name="Costs">Costs of a segment alone.</param>
/// <param name="Template">Template tokens around the content.</param>
/// <param name="Seeds">One entry for each seed.</param>
internal sealed record DemoReport(
    string Workload, double TimeScale, int Workers, double Load, CostModel Costs, TemplateTokens Template, ImmutableArray<SeedFigures> Seeds)
{
    /// <summary>Whether every request completed, with exact outputs, equal under all policies.</summary>
    public bool IsClean => Seeds.All(static s => s.Identical == s.Compared && s.Policies.All(static p => p.Completed == p.Requests && p.Exact == p.Requests));
}
