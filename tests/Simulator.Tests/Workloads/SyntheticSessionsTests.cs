using Astraea.Simulator.Model;
using Astraea.Simulator.Statistics;
using Astraea.Simulator.Workloads;

namespace Astraea.Simulator.Tests.Workloads;

public sealed class SyntheticSessionsTests
{
    private static readonly SessionWorkload _coding = SyntheticSessions.Create(SyntheticSessions.Coding, 1, 1_000);

    [Fact]
    public void Coding_agents_have_the_figures_of_public_traces()
    {
        SimulatedSegment[] segments = [.. _coding.Sessions.SelectMany(static s => s.Jobs).SelectMany(static j => j.Segments)];
        Between("segments p50", _coding.Sessions.Select(static s => (double)SessionMeasures.Segments(s)), 0.5, 14, 56);
        Between("segments p95", _coding.Sessions.Select(static s => (double)SessionMeasures.Segments(s)), 0.95, 37, 112);
        Between("input p50", segments.Select(static s => (double)s.Kept + s.New), 0.5, 29_000, 44_000);
        Between("input p95", segments.Select(static s => (double)s.Kept + s.New), 0.95, 67_000, 82_000);
        Between("output p50", segments.Select(static s => (double)s.Output), 0.5, 58, 155);
        Between("output p95", segments.Select(static s => (double)s.Output), 0.95, 451, 877);
        Between("new p50", segments.Where(static s => s.Kept > 0).Select(static s => (double)s.New), 0.5, 167, 365);
        Between("new p95", segments.Where(static s => s.Kept > 0).Select(static s => (double)s.New), 0.95, 2_500, 14_700);
        double[] waits = Quantiles.Sorted(segments.Where(static s => s.Tool is not null).Select(static s => s.ToolSeconds));
        Between("waits p50", waits, 0.5, 0.04, 0.12);
        Between("waits p90", waits, 0.9, 1.9, 9.5);
        Between("waits p99", waits, 0.99, 20, 121);
        Assert.InRange(waits.Count(static w => w < 1) / (double)waits.Length, 0.6, 0.8);
        Assert.InRange(waits[^(waits.Length / 100)..].Sum() / waits.Sum(), 0.2, 0.5);
    }

    [Fact]
    public void Sessions_keep_within_their_context_and_append()
    {
        foreach (SimulatedSession session in _coding.Sessions.Concat(SyntheticSessions.Create(SyntheticSessions.Service, 1, 200).Sessions))
        {
            int context = 0;
            foreach (SimulatedSegment segment in session.Jobs.SelectMany(static j => j.Segments))
            {
                Assert.Equal(context, segment.Kept);
                Assert.True(segment is { New: >= 1, Output: >= 1 });
                context += segment.New + segment.Output;
            }
            Assert.InRange(context, 1, 128_000);
            Assert.All(session.Jobs, static j => Assert.Null(j.Segments[^1].Tool));
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_sessions()
    {
        Assert.Equal(SyntheticSessions.Create(SyntheticSessions.Coding, 1, 20).Sessions.Select(Text), _coding.Sessions.Take(20).Select(Text));
        Assert.NotEqual(SyntheticSessions.Create(SyntheticSessions.Coding, 2, 20).Sessions.Select(Text), _coding.Sessions.Take(20).Select(Text));

        static string Text(SimulatedSession s) => string.Join(' ', s.Jobs.SelectMany(static j => j.Segments));
    }

    [Fact]
    public void A_name_that_is_not_there_is_answered_with_those_that_are() =>
        Assert.Contains(SyntheticSessions.InferCept, Assert.Throws<ArgumentException>(() => SyntheticSessions.Create("x", 1, 1)).Message, StringComparison.Ordinal);

    private static void Between(string what, IEnumerable<double> values, double share, double low, double high)
    {
        double found = Quantiles.Of(Quantiles.Sorted(values), share);
        Assert.True(found >= low && found <= high, $"{what} is {found}, not within {low} to {high}");
    }
}
