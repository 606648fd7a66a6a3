using System.Collections.Immutable;
using Astraea.Simulator.Model;
using Astraea.Simulator.Statistics;

namespace Astraea.Simulator.Pictures;

/// <summary>The pictures of runs: what they show and how, so that all reports look alike.</summary>
public static class RunCharts
{
    private const int CurvePoints = 200;
    private const int SizeClasses = 8;
    private const int PredictionClasses = 10;

    /// <summary>Schedulable time over load, one line for each policy; a line ends where the policy is unstable.</summary>
    public static Chart OverLoad(string subtitle, IEnumerable<(string Policy, IEnumerable<(double Load, Interval Seconds)> Points)> lines) => new(
        "Schedulable completion time over load", new Axis("load, λ / λ_sat"), new Axis("mean schedulable time of a job (s)", Logarithmic: true),
        [.. lines.Select(static (line, colour) => new Layer.Line(line.Policy, colour, [.. line.Points.Select(static p => Point(p.Load, p.Seconds))]))])
    {
        Subtitle = $"{subtitle}; 95 % intervals over seeds; a line ends where the backlog grows",
    };

    /// <summary>Share of jobs that stayed below a value.</summary>
    public static Chart Distribution(string subtitle, string quantity, IEnumerable<(string Policy, IEnumerable<double> Values)> runs) => new(
        $"Distribution: {quantity}", new Axis(quantity, Logarithmic: true), new Axis("share of jobs") { From = 0, To = 1 },
        [.. runs.Select(static (run, colour) => new Layer.Line(run.Policy, colour, Curve(Quantiles.Sorted(run.Values))) { Marks = false })])
    {
        Subtitle = subtitle,
    };

    /// <summary>Where KV lay in the course of a run.</summary>
    public static Chart Tiers(string subtitle, ImmutableArray<TierSample> samples, int blockTokens)
    {
        TierSample[] thinned = [.. samples.Where((_, i) => i % Math.Max(1, samples.Length / CurvePoints) == 0)];
        (string Name, Func<TierSample, long> Blocks)[] tiers =
            [("running", static s => s.RunningBlocks), ("pinned for a tool", static s => s.PinnedBlocks), ("cached", static s => s.CachedBlocks), ("host tier", static s => s.HostBlocks)];
        var layers = ImmutableArray.CreateBuilder<Layer>();
        double[] floor = new double[thinned.Length];
        foreach ((string name, Func<TierSample, long> blocks) in tiers)
        {
            double[] top = [.. thinned.Select((s, i) => floor[i] + (double)blocks(s) * blockTokens)];
            layers.Add(new Layer.Area(name, layers.Count, [.. thinned.Select((s, i) => new ChartPoint(s.AtSeconds, top[i], floor[i], top[i]))]));
            floor = top;
        }
        return new Chart("Where the KV is", new Axis("time (s)"), new Axis("KV, all workers (tokens)"), layers.ToImmutable()) { Subtitle = subtitle };
    }

    /// <summary>Mean slowdown of jobs by their size: whether small jobs pay for large ones.</summary>
    public static Chart SlowdownBySize(string subtitle, IEnumerable<(string Policy, IEnumerable<JobOutcome> Jobs)> runs) => new(
        "Slowdown by size of the job", new Axis("compute of the job alone (s)", Logarithmic: true), new Axis("mean slowdown", Logarithmic: true) { From = 1 },
        [.. runs.Select(static (run, colour) => new Layer.Line(run.Policy, colour, BySize([.. run.Jobs.OrderBy(static j => j.IsolatedSeconds)])))])
    {
        Subtitle = $"{subtitle}; eight classes with as many jobs each, 95 % intervals within a class",
    };

    /// <summary>What was predicted against what came: on the diagonal predictions are right on average.</summary>
    public static Chart Calibration(string subtitle, string quantity, IEnumerable<(string Predictor, IEnumerable<(double Predicted, double Actual)> Pairs)> predictors)
    {
        ImmutableArray<Layer> lines = [.. predictors.Select(static (p, colour) => (Layer)new Layer.Line(p.Predictor, colour, Calibrate([.. p.Pairs.OrderBy(static q => q.Predicted)])))];
        double[] all = [.. lines.SelectMany(static l => l.Points).SelectMany(static p => (double[])[p.X, p.Y]).Where(static v => v > 0).DefaultIfEmpty(1)];
        Layer diagonal = new Layer.Line("right on average", 8, [new(all.Min(), all.Min()), new(all.Max(), all.Max())]) { Guide = true, Marks = false };
        return new Chart(
            $"Calibration: {quantity}", new Axis($"predicted {quantity}, mean of the class", Logarithmic: true), new Axis("actual, mean of the class", Logarithmic: true),
            lines.Insert(0, diagonal))
        {
            Subtitle = $"{subtitle}; ten classes with as many predictions each, 95 % intervals",
        };
    }

    // On a logarithmic axis an interval that reaches zero would take all the room.
    private static ChartPoint Point(double x, Interval y) => new(x, y.Mean, Math.Max(y.Low, y.Mean / 10), y.High);

    private static ImmutableArray<ChartPoint> Curve(double[] sorted) => sorted.Length == 0
        ? []
        : [.. Enumerable.Range(0, CurvePoints + 1).Select(i => new ChartPoint(Quantiles.Of(sorted, (double)i / CurvePoints), (double)i / CurvePoints))];

    private static ImmutableArray<ChartPoint> BySize(JobOutcome[] ascending) =>
    [
        .. Classes(ascending, SizeClasses).Select(static c =>
            Point(Math.Exp(c.Average(static j => Math.Log(j.IsolatedSeconds))), Interval.OfMean(c.Select(static j => j.Slowdown)))),
    ];

    private static ImmutableArray<ChartPoint> Calibrate((double Predicted, double Actual)[] ascending) =>
        [.. Classes(ascending, PredictionClasses).Select(static c => Point(c.Average(static p => p.Predicted), Interval.OfMean(c.Select(static p => p.Actual))))];

    private static IEnumerable<T[]> Classes<T>(T[] ascending, int count) => ascending.Chunk(Math.Max(1, (ascending.Length + count - 1) / count));
}
