using System.Globalization;
using System.Text;
using Astraea.Cli.Demo.Replay;
using Astraea.Cluster.Soak.Checks;
using Astraea.Cluster.Soak.Load;

namespace Astraea.Cluster.Soak.Faults;

/// <summary>What a run with faults has shown.</summary>
/// <param name="Outcomes">Agents, by number.</param>
/// <param name="Problems">What must not be; empty when all invariants hold.</param>
/// <param name="Text">Figures, for people.</param>
internal sealed record FaultReport(IReadOnlyList<AgentOutcome> Outcomes, IReadOnlyList<string> Problems, string Text)
{
    /// <summary>Streams that went on behind their last event.</summary>
    public int Resumes => Outcomes.Sum(o => o.Resumes);

    /// <summary>Exchanges sent again under their key.</summary>
    public int Replays => Outcomes.Sum(o => o.Replays);

    /// <summary>Early ends of one kind.</summary>
    public int Cuts(CutKind kind) => Outcomes.Sum(o => o.Cuts.Count(c => c.Kind == kind));

    /// <summary>Ends the load, checks histories and cluster, plays the same agents on one undisturbed node, and compares.</summary>
    public static async Task<FaultReport> MakeAsync(FaultRun run, FaultRunOptions options, TimeSpan finishWithin)
    {
        IReadOnlyList<AgentOutcome> outcomes = await run.Load.FinishAsync(finishWithin);
        run.Print($"{outcomes.Count} agents ended");
        List<string> problems = [.. outcomes.Where(o => o.Fault is not null).Select(o => $"agent {o.Script.Number} ({o.Script.Manner}), request {o.Request}: {o.Fault}")];
        problems.AddRange(run.Faults.Where(f => f.Problem is not null).Select(f => $"{f.Name}: {f.Problem}"));
        Uri gateway = run.Cluster.Gateways[0];
        (IReadOnlyList<string> inHistories, int interrupted) = await HistoryCheck.RunAsync(gateway, run.Cluster.Plan.ApiKey, [.. outcomes.Where(o => o.IsDone)]);
        problems.AddRange(inHistories);
        problems.AddRange(await ClusterAtRest.ProblemsAsync(gateway, run.Cluster.Plan.ApiKey, run.Cluster.RunningWorkers));
        run.Print("histories read");
        problems.AddRange(run.Log.Schedulers.Where(s => s.Took > TimeSpan.FromSeconds(2)).Select(s => $"the scheduler of epoch {s.Epoch} took {s.Took.TotalSeconds:0.00} s to rebuild"));
        await run.Cluster.DisposeAsync();
        int different = await CompareAsync(options, outcomes, problems);
        run.Print("compared with an undisturbed node");
        return new FaultReport(outcomes, problems, Describe(run, outcomes, interrupted, different));
    }

    /// <summary>The same agents on one node, whose tools answer at once: outputs depend on neither.</summary>
    private static async Task<int> CompareAsync(FaultRunOptions options, IReadOnlyList<AgentOutcome> outcomes, List<string> problems)
    {
        await using IReplayTarget node = await NodeProcess.StartAsync(new NodeOptions(options.SiloPath, "astraea", 2, 2048, 2048), CancellationToken.None);
        using Client.AstraeaClient client = new(node.Endpoints[0], node.ApiKey);
        string model = (await client.GetModelsAsync()).Data[0].Id;
        using LoadRun load = new(new Gateways(() => node.Endpoints, node.ApiKey), model, options.Seed);
        IReadOnlyList<AgentOutcome> undisturbed = await load.PlayAsync(outcomes.Where(o => o.IsDone).Select(o => o.Script.Number), 16);
        int different = 0;
        foreach ((AgentOutcome disturbed, AgentOutcome plain) in outcomes.Where(o => o.IsDone).Zip(undisturbed))
        {
            if (disturbed.Said.SequenceEqual(plain.Said))
                continue;
            different++;
            problems.Add($"agent {disturbed.Script.Number} ({disturbed.Script.Manner}), request {disturbed.Request}: says something else than undisturbed ({plain.Fault ?? "no fault there"})");
        }
        return different;
    }

    private static string Describe(FaultRun run, IReadOnlyList<AgentOutcome> outcomes, int interrupted, int different)
    {
        StringBuilder text = new();
        void Line(string line) => text.Append(line).Append('\n');
        int Kind(CutKind kind) => outcomes.Sum(o => o.Cuts.Count(c => c.Kind == kind));
        Line($"agents: {outcomes.Count}, completed {outcomes.Count(o => o.IsDone)}, outputs unlike undisturbed {different}; segments taken up again {interrupted}");
        Line($"early ends: {Kind(CutKind.Broken)} broken in the middle, {Kind(CutKind.Unanswered)} before an answer began, {Kind(CutKind.ErrorFrame)} error frames, {Kind(CutKind.Refused)} refused before acceptance");
        foreach (var cut in outcomes.SelectMany(o => o.Cuts.Select(c => (o.Script.Manner, c.Kind, What: c.What.Split('\n')[0]))).CountBy(c => c).OrderBy(c => c.Key.Kind).ThenByDescending(c => c.Value).Take(16))
            Line($"  {cut.Value} x {cut.Key.Kind} ({cut.Key.Manner}): {cut.Key.What}");
        foreach (IGrouping<Manner, AgentOutcome> manner in outcomes.GroupBy(o => o.Script.Manner).OrderBy(g => g.Key))
            Line($"  {manner.Key}: {manner.Count()} agents, {manner.Sum(o => o.Cuts.Count)} early ends, {manner.Sum(o => o.Resumes)} streams resumed, {manner.Sum(o => o.Replays)} exchanges replayed");
        foreach (FaultRecord fault in run.Faults)
            Line(Describe(run, outcomes, fault));
        foreach (SchedulerStart start in run.Log.Schedulers)
            Line($"scheduler of epoch {start.Epoch} on {start.Process}: {start.Live} live, rebuilt in {start.Took.TotalMilliseconds:0} ms");
        foreach ((string what, int times) in run.Log.Errors.Take(12))
            Line($"error log {times} x {what}");
        return text.ToString();
    }

    private static string Describe(FaultRun run, IReadOnlyList<AgentOutcome> outcomes, FaultRecord fault)
    {
        DateTimeOffset until = run.Faults.SkipWhile(f => f != fault).Skip(1).FirstOrDefault()?.At ?? DateTimeOffset.MaxValue;
        Cut[] cuts = [.. outcomes.SelectMany(o => o.Cuts).Where(c => c.At >= fault.At && c.At < until && c.Kind != CutKind.Refused)];
        double[] back = [.. cuts.Where(c => c.NewOutputAt is not null).Select(c => (c.NewOutputAt!.Value - c.At).TotalSeconds).Order()];
        DateTimeOffset[] output = [.. run.Load.Output.Where(o => o >= fault.At && o < until)];
        double silence = output.Zip(output.Skip(1), static (a, b) => (b - a).TotalSeconds).Append(0).Max();
        double[] stalls = [.. outcomes.SelectMany(o => o.Stalls).Where(s => s.From < until && s.From + s.Length > fault.At).Select(s => s.Length.TotalSeconds).Order()];
        SchedulerStart? scheduler = run.Log.Schedulers.FirstOrDefault(s => s.At >= fault.At && s.At < until);
        return $"{fault.Name}, {fault.Live} live: dead in the membership after {After(fault, fault.DeadAt)}, next scheduler after {After(fault, scheduler?.At)}"
            + $", whole after {After(fault, fault.WholeAt)}; {cuts.Length} streams cut, new output {(back.Length == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"p50 {back[back.Length / 2]:0.0} s, max {back[^1]:0.0} s"))} after the cut"
            + string.Create(CultureInfo.InvariantCulture, $"; {stalls.Length} streams paused over 1 s, the longest {stalls.LastOrDefault():0.0} s")
            + $"; longest silence of everybody {silence:0.0} s";
    }

    private static string After(FaultRecord fault, DateTimeOffset? at) => at is { } then ? $"{(then - fault.At).TotalSeconds:0.0} s" : "-";
}
