using Astraea.Simulator.Model;
using Astraea.Simulator.Workloads;

namespace Astraea.Simulator.Tests.Workloads;

public sealed class SessionDrawTests
{
    private static readonly SessionWorkload _workload = SyntheticSessions.Create(SyntheticSessions.Service, 3, 200);

    [Fact]
    public void All_sessions_are_drawn_once_before_any_is_drawn_again_and_copies_say_so()
    {
        SimulatedSession[] drawn = [.. SessionCopies.Draw(_workload.Sessions, 5).Take(500)];
        Assert.Equal(200, drawn.Take(200).Select(static s => s.Id).Distinct().Count());
        Assert.All(drawn.Take(200), static s => Assert.True(SessionCopies.IsOriginal(s.Id)));
        Assert.All(drawn.Skip(200), static s => Assert.False(SessionCopies.IsOriginal(s.Id)));
        Assert.Equal(500, drawn.Select(static s => s.Id).Distinct().Count());
        Assert.Equal(200, drawn.Select(static s => SessionCopies.Root(s.Id)).Distinct().Count());
        Assert.NotEqual(drawn.Take(200).Select(static s => s.Id), drawn.Skip(200).Take(200).Select(static s => SessionCopies.Root(s.Id)));
    }

    [Fact]
    public void The_order_of_the_file_does_not_matter() => Assert.Equal(
        SessionCopies.Draw(_workload.Sessions, 5).Take(50).Select(static s => s.Id),
        SessionCopies.Draw([.. _workload.Sessions.Reverse()], 5).Take(50).Select(static s => s.Id));

    [Fact]
    public void The_halves_are_about_as_large_and_have_nothing_in_common()
    {
        SessionWorkload tuned = SessionHalves.Take(_workload, SessionHalf.Tuned), reported = SessionHalves.Take(_workload, SessionHalf.Reported);
        Assert.Empty(tuned.Sessions.Select(static s => s.Id).Intersect(reported.Sessions.Select(static s => s.Id)));
        Assert.Equal(_workload.Sessions.Length, tuned.Sessions.Length + reported.Sessions.Length);
        Assert.InRange(tuned.Sessions.Length, 70, 130);
    }

    [Fact]
    public void Sessions_beyond_the_longest_context_are_left_out_and_counted()
    {
        SessionWorkload within = _workload.Within(3_000);
        Assert.All(within.Sessions, static s => Assert.True(SessionMeasures.LongestContext(s) <= 3_000));
        int left = _workload.Sessions.Length - within.Sessions.Length;
        Assert.True(left > 0);
        Assert.Contains($"{left} of 200 sessions are left out", Assert.Single(within.Notes), StringComparison.Ordinal);
    }
}
