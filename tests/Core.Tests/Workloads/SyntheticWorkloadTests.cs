using System.Collections.Immutable;
using Astraea.Core.Workloads;

namespace Astraea.Core.Tests.Workloads;

public sealed class SyntheticWorkloadTests
{
    private static readonly ImmutableArray<WorkloadRequest> Many = SyntheticWorkload.Generate(7, 20_000);

    // The published figures, written out again here: the table in InferCeptMixture holds laws before the cut at the context's end.
    [Theory]
    [InlineData("math", 99, 2.79, 1.33, 8.3e-5, 4.8e-5, 411, 126, 140, 21)]
    [InlineData("chatbot", 65, 3.46, 1.96, 28.2, 18.4, 101, 102, 131, 37)]
    [InlineData("qa", 49, 3.08, 1.16, 0.71, 0.20, 934, 182, 137, 57)]
    [InlineData("tts", 65, 6.92, 3.92, 17.2, 17.2, 101, 31, 26, 23)]
    [InlineData("ve", 54, 5.35, 1.02, 0.085, 0.015, 1973, 4, 0, 10)]
    [InlineData("image", 65, 6.92, 3.92, 19.9, 15.4, 101, 31, 26, 22)]
    public void Moments_of_a_category_are_those_of_the_published_mixture(
        string category, int weight, double calls, double callsDeviation, double toolSeconds, double toolDeviation,
        double firstPrompt, double output, double outputDeviation, double toolTokens)
    {
        WorkloadRequest[] requests = [.. Many.Where(r => r.Category == category)];
        bool endsInCall = category is "tts" or "ve" or "image";
        WorkloadSegment[] segments = [.. requests.SelectMany(static r => r.Segments)];

        Near(weight / 397.0, requests.Length / (double)Many.Length, 0.01, "share");
        (double mean, double deviation) = Moments(requests.Select(r => (double)r.Segments.Length - (endsInCall ? 0 : 1)));
        Near(calls, mean, 0.05, "calls");
        Near(callsDeviation, deviation, 0.15, "deviation of calls");
        (mean, deviation) = Moments(segments.Where(static s => s.Tool is not null).Select(static s => s.ToolSeconds!.Value));
        Near(toolSeconds, mean, 0.05, "tool seconds");
        Near(toolDeviation, deviation, 0.10, "deviation of tool seconds");
        Near(firstPrompt, requests.Average(static r => r.Segments[0].New), 0.05, "first prompt");
        (mean, deviation) = Moments(segments.Select(static s => (double)s.Output));
        Near(output, mean, 0.05, "output");
        // The cut may shorten an output of the virtual environment, which is always 4 otherwise.
        Assert.InRange(deviation, outputDeviation * 0.85, outputDeviation * 1.15 + 0.4);
        Near(toolTokens, requests.SelectMany(static r => r.Segments.Skip(1)).Average(static s => s.New), 0.06, "tool tokens");
    }

    [Fact]
    public void Tool_time_of_a_request_is_that_of_the_mixture_without_final_calls() =>
        Near(49.1, Many.Average(static r => r.Segments.Sum(static s => s.ToolSeconds ?? 0)), 0.10, "tool seconds of a request");

    [Fact]
    public void Contexts_add_up_end_within_the_limit_and_only_the_last_segment_has_no_tool()
    {
        foreach (WorkloadRequest request in Many)
        {
            int before = 0;
            foreach (WorkloadSegment segment in request.Segments)
            {
                Assert.Equal(before + segment.New, segment.Context);
                Assert.True(segment.Output >= 1);
                before = segment.Context + segment.Output;
            }
            Assert.InRange(before, 2, InferCeptMixture.ContextTokensMax);
            Assert.All(request.Segments[..^1], static s => Assert.True(s is { Tool: not null, ToolSeconds: >= 0 }));
            Assert.True(request.Segments[^1] is { Tool: null, ToolSeconds: null });
            Assert.True(request.Segments[0].New >= 1);
        }
    }

    [Fact]
    public void Same_seed_gives_the_same_requests_and_another_seed_others()
    {
        string first = Print(SyntheticWorkload.Generate(3, 60));
        Assert.Equal(first, Print(SyntheticWorkload.Generate(3, 60)));
        Assert.NotEqual(first, Print(SyntheticWorkload.Generate(4, 60)));
    }

    [Theory]
    [InlineData(6)]
    [InlineData(60)]
    [InlineData(397)]
    public void Every_category_is_there_and_the_count_is_exact(int count)
    {
        ImmutableArray<WorkloadRequest> requests = SyntheticWorkload.Generate(1, count);
        Assert.Equal(count, requests.Length);
        Assert.Equal(6, requests.Select(static r => r.Category).Distinct().Count());
        Assert.Equal(count, requests.Select(static r => r.Id).Distinct().Count());
    }

    private static string Print(ImmutableArray<WorkloadRequest> requests) =>
        string.Join('\n', requests.Select(static r => $"{r.Id} {r.Category} {string.Join(' ', r.Segments)}"));

    private static (double Mean, double Deviation) Moments(IEnumerable<double> values)
    {
        double[] all = [.. values];
        double mean = all.Average();
        return (mean, Math.Sqrt(all.Average(v => (v - mean) * (v - mean))));
    }

    private static void Near(double expected, double actual, double relative, string what) =>
        Assert.True(Math.Abs(actual - expected) <= relative * expected, $"{what}: {actual:G4}, expected {expected:G4} ± {relative:P0}");
}
