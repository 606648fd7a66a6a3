using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Astraea.Cli.Demo.Plan;
using Astraea.Cli.Demo.Replay;
using Astraea.Cli.Demo.Report;
using Astraea.Core.Determinism;
using Spectre.Console;

namespace Astraea.Cli.Demo;

/// <summary>The demo from start to table: measure the node alone, measure its capacity, then replay the same arrivals under every policy.</summary>
/// <param name="options">What is replayed, and how.</param>
/// <param name="starter">Starts the node, or the cluster, of each replay.</param>
/// <param name="console">Where results go.</param>
/// <param name="board">Shows a replay while it goes on.</param>
internal sealed class DemoRun(DemoOptions options, ReplayTargetStarter starter, IAnsiConsole console, IBoard board)
{
    private const int RoomyBlocks = 4096;

    private TimeSpan Limit => TimeSpan.FromSeconds(options.LimitSeconds);

    /// <summary>Runs it all.</summary>
    /// <returns>Everything measured.</returns>
    /// <exception cref="DemoException">It cannot go on.</exception>
    public async Task<DemoReport> RunAsync(CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        WorkloadSource source = options.Workload is { } path ? WorkloadSource.Open(path, options.UnknownToolSeconds) : WorkloadSource.BuiltIn;
        console.WriteLine($"Workload: {source.Description}; {options.Requests} requests a replay, {options.Seeds} seed(s), tool times × {options.TimeScale}, {options.Workers} workers.");

        (CostModel costs, TemplateTokens template) = await CalibrateAsync(source, cancellation);
        var seeds = ImmutableArray.CreateBuilder<SeedFigures>(options.Seeds);
        for (int i = 0; i < options.Seeds; i++)
            seeds.Add(await RunSeedAsync(source, options.FirstSeed + (ulong)i, costs, template, cancellation));

        DemoReport report = new(source.Description, options.TimeScale, options.Workers, options.Load, costs, template, seeds.ToImmutable());
        ReportPrinter.Print(console, report, Stopwatch.GetElapsedTime(start));
        if (options.JsonPath is { } json)
            await File.WriteAllTextAsync(json, JsonSerializer.Serialize(report, DemoJson.Default.DemoReport), cancellation);
        return report;
    }

    /// <summary>Two requests of each category, one at a time: what a segment costs, and what the template adds.</summary>
    private async Task<(CostModel Costs, TemplateTokens Template)> CalibrateAsync(WorkloadSource source, CancellationToken cancellation)
    {
        ReplayPlan all = ReplayPlan.AtOnce(source.Take(options.FirstSeed, options.Requests), options.FirstSeed, options.TimeScale).WithoutToolWaits();
        ReplayPlan alone = all with { Requests = [.. all.Requests.GroupBy(static r => r.Category).SelectMany(static g => g.OrderByDescending(static r => r.Segments.Length).Take(2))] };
        NodeOptions roomy = new(options.SiloPath, ReportTable.Baseline, options.Workers, RoomyBlocks, null);
        ImmutableArray<RequestOutcome> outcomes = await ReplayRun.PlayAsync(starter, roomy, alone, oneByOne: true, Limit, "Measuring requests alone", board, cancellation);
        // Other texts of the same lengths; of two tries the shorter one is nearer to what the node can do, the other had company on the machine.
        ImmutableArray<RequestOutcome> again = await ReplayRun.PlayAsync(
            starter, roomy, alone with { Seed = new SeedTree(options.FirstSeed).Child("again").Seed }, oneByOne: true, Limit, "Measuring requests alone, again", board, cancellation);
        ThrowIfFailed([.. outcomes, .. again]);
        CostSample[] samples = [.. outcomes.Zip(again).SelectMany(static pair => pair.First.Costs().Zip(pair.Second.Costs(), static (a, b) => a.Seconds < b.Seconds ? a : b))];
        CostModel costs = CostModel.Fit(samples);
        TemplateTokens template = TemplateTokens.Largest(outcomes.Select(static o => (o.Planned, (IReadOnlyList<int>)[.. o.Segments.Select(static s => s.PromptTokens)])));
        console.WriteLine(
            $"A segment alone takes {costs.CallSeconds * 1e3:0.0} ms + {costs.PrefillSeconds * 1e3:0.000} ms per input token + {costs.DecodeSeconds * 1e3:0.000} ms per output token"
            + $" ({samples.Length} segments, mean error {costs.MeanRelativeError(samples):P0}).");
        console.WriteLine($"Template tokens on top of the workload's: up to {template.First} in a first prompt, {template.Later} in each later segment (frames, and the fed heads and tails of calls).");
        return (costs, template);
    }

    private async Task<SeedFigures> RunSeedAsync(WorkloadSource source, ulong seed, CostModel costs, TemplateTokens template, CancellationToken cancellation)
    {
        ReplayPlan plan = ReplayPlan.AtOnce(source.Take(seed, options.Requests), seed, options.TimeScale);
        double meanIsolated = plan.Requests.Average(r => Fluid(r, costs, template).Stretches.Sum(static s => s.Work));
        // First guess of the capacity: every worker does one second of work alone per second.
        PoolPlan guess = PlanPool(plan, options.Workers / meanIsolated, meanIsolated, costs, template);
        ImmutableArray<RequestOutcome> backlog = await ReplayRun.PlayAsync(
            starter, Node(ReportTable.Baseline, guess), plan.WithoutToolWaits(), oneByOne: false, Limit, $"Seed {seed}: measuring λ_sat, all at once, {ReportTable.Baseline}", board, cancellation);
        ThrowIfFailed(backlog);
        double saturation = Statistics.BackloggedRate(backlog.Select(static o => o.End));
        double offered = options.Load * saturation;
        PoolPlan pool = PlanPool(plan, saturation, meanIsolated, costs, template);
        ReplayPlan arriving = plan.Arriving(offered);
        Describe(seed, arriving, saturation, offered, meanIsolated, pool);

        var runs = new List<ImmutableArray<RequestOutcome>>();
        var figures = ImmutableArray.CreateBuilder<PolicyFigures>();
        foreach (string policy in options.Policies)
        {
            ImmutableArray<RequestOutcome> outcomes = await ReplayRun.PlayAsync(
                starter, Node(policy, pool), arriving, oneByOne: false, Limit, $"Seed {seed}: {policy}", board, cancellation);
            foreach (RequestOutcome failed in outcomes.Where(static o => !o.IsCompleted).Take(3))
                console.WriteLine($"  {policy}: request {failed.Planned.Index} ({failed.Planned.Category}) did not complete: {failed.Error}");
            runs.Add(outcomes);
            figures.Add(PolicyFigures.Of(policy, seed, outcomes, costs));
        }
        (int compared, int identical) = SeedFigures.CompareOutputs(runs);
        return new SeedFigures(seed, saturation, offered, pool, identical, compared, figures.ToImmutable());
    }

    private PoolPlan PlanPool(ReplayPlan plan, double saturation, double meanIsolated, CostModel costs, TemplateTokens template)
    {
        FluidJob[] jobs = [.. plan.Arriving(options.Load * saturation).Requests.Select(r => Fluid(r, costs, template))];
        double workingSet = LiveContexts.FluidPeak(jobs, saturation * meanIsolated);
        return PoolPlan.Of(
            workingSet, options.PoolShare, options.Workers, plan.Requests.Max(template.ContextOf), Statistics.Percentile(plan.Requests.Select(r => (double)template.ContextOf(r)), 0.5));
    }

    private static FluidJob Fluid(PlannedRequest request, CostModel costs, TemplateTokens template)
    {
        var stretches = ImmutableArray.CreateBuilder<FluidStretch>(request.Segments.Length);
        int context = 0;
        foreach (PlannedSegment segment in request.Segments)
        {
            int added = segment.NewTokens + (stretches.Count == 0 ? template.First : template.Later);
            context += added;
            stretches.Add(new FluidStretch(costs.SecondsOf(added, segment.OutputTokens), segment.ToolWait.TotalSeconds, context));
            context += segment.OutputTokens;
        }
        return new FluidJob(request.Arrival.TotalSeconds, stretches.MoveToImmutable());
    }

    private NodeOptions Node(string policy, PoolPlan pool) => new(options.SiloPath, policy, options.Workers, pool.DeviceBlocks, pool.HostBlocks);

    private void Describe(ulong seed, ReplayPlan plan, double saturation, double offered, double meanIsolated, PoolPlan pool)
    {
        string kinds = string.Join(", ", plan.Requests.GroupBy(static r => r.Category).OrderBy(static g => g.Key, StringComparer.Ordinal).Select(static g => $"{g.Count()} {g.Key}"));
        console.WriteLine($"Seed {seed}: {kinds}; {plan.Requests.Sum(static r => r.Segments.Length)} segments, "
            + $"{plan.Requests.Sum(static r => r.Segments.Sum(static s => s.NewTokens))} input and {plan.Requests.Sum(static r => r.Segments.Sum(static s => s.OutputTokens))} output tokens; "
            + $"a request has {meanIsolated:0.00} s of work alone and {plan.Requests.Average(static r => r.ToolTime.TotalSeconds):0.00} s of tools on average.");
        console.WriteLine($"  λ_sat = {saturation:0.00} requests/s; offered λ = {offered:0.00}/s = {offered / saturation:0.00} λ_sat, Poisson.");
        console.WriteLine($"  Device pools: {options.Workers} × {pool.DeviceBlocks} blocks = {options.Workers * pool.DeviceBlocks * PoolPlan.BlockTokens} tokens = {pool.Share:P0} of the working set "
            + $"({pool.WorkingSetTokens:0} tokens at the peak, estimated){(pool.AtLeast ? "; not less, because each worker must hold the longest request and a typical one" : "")}.");
    }

    private static void ThrowIfFailed(ImmutableArray<RequestOutcome> outcomes)
    {
        if (outcomes.FirstOrDefault(static o => !o.IsCompleted) is { } failed)
            throw new DemoException($"Request {failed.Planned.Index} ({failed.Planned.Category}) of the measurement did not complete: {failed.Error}");
    }
}
