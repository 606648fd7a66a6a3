using Astraea.Core.Determinism;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Tests.Scheduling;

public class RankTests
{
    [Fact]
    public void Ranks_of_different_requests_are_totally_ordered_under_every_policy()
    {
        SeededGenerator random = new SeedTree(11).Child("ranks").Generator();
        Instant now = new(TimeSpan.FromDays(20_000).Ticks);
        foreach (string name in SchedulingPolicies.Names)
        {
            ISchedulingPolicy policy = SchedulingPolicies.Create(name);
            // Few distinct values, so that every tie-break is met.
            Rank[] ranks = [.. Enumerable.Range(1, 60).Select(id => policy.Rank(
                RankInput.Of(random.NextInt(3), random.NextInt(3), now - TimeSpan.FromSeconds(random.NextInt(30)), 1 + random.NextInt(2), 1 + random.NextInt(2), 1,
                    random.NextInt(3), id, random.NextInt(3)), 10, now))];
            foreach (Rank a in ranks)
            {
                foreach (Rank b in ranks)
                {
                    Assert.Equal(Math.Sign(a.CompareTo(b)), -Math.Sign(b.CompareTo(a)));
                    Assert.Equal(a.Request == b.Request, a.CompareTo(b) == 0);
                    foreach (Rank c in ranks)
                        Assert.False(a.CompareTo(b) < 0 && b.CompareTo(c) < 0 && a.CompareTo(c) >= 0);
                }
            }
        }
    }

    [Fact]
    public void Program_fcfs_goes_by_arrival_of_the_request()
    {
        ProgramFcfs policy = new();
        Rank early = policy.Rank(RankInput.Of(remaining: 1000, id: 2), 10, default);
        Rank late = policy.Rank(RankInput.Of(waited: 1000, id: 1, arrivedAfter: 0.001), 10, default);
        Assert.True(early.CompareTo(late) < 0);
    }

    [Fact]
    public void An_unknown_policy_is_refused_with_those_there_are()
    {
        string message = Assert.Throws<ArgumentException>(() => SchedulingPolicies.Create("best")).Message;
        Assert.StartsWith("There is no scheduling policy 'best'; there are program-fcfs, astraea-paper, astraea", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_named_policy_can_be_made_and_knows_its_name()
    {
        foreach (string name in SchedulingPolicies.Names)
            Assert.Equal(name, SchedulingPolicies.Create(name).Name);
    }
}
