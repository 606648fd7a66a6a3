using Astraea.Core.Determinism;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Tests.Scheduling;

/// <summary>Crashing workers and lost plans under every policy: what must hold whatever happens.</summary>
public class FaultTests
{
    public static TheoryData<string, ulong> Cases()
    {
        TheoryData<string, ulong> cases = [];
        foreach (string policy in SchedulingPolicies.Names)
        {
            cases.Add(policy, 1);
            cases.Add(policy, 2);
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_request_completes_and_no_segment_is_leased_twice_at_once(string policy, ulong seed)
    {
        VirtualCluster cluster = Faulty(policy, seed);
        Assert.True(cluster.Run(600), $"{cluster.Completed} completed");
        Assert.Equal(60, cluster.Completed);
        Assert.Contains(cluster.Desk.Events, e => e is SchedulerEvent.WorkerLost);
        Assert.Contains(cluster.Desk.Events, e => e is SchedulerEvent.LeaseReturned);
        LeaseLedger ledger = new();
        foreach (SchedulerEvent happened in cluster.Desk.Events)
            ledger.Take(happened);
        Assert.True(ledger.Leases > 60);
    }

    [Theory]
    [InlineData("astraea")]
    [InlineData("astraea-paper")]
    public void The_same_run_gives_the_same_events_bit_for_bit(string policy)
    {
        string[] runs = [.. Enumerable.Range(0, 2).Select(_ =>
        {
            VirtualCluster cluster = Faulty(policy, 3);
            cluster.Run(60);
            // Every figure of a lease is printed with all its digits.
            return string.Join('\n', cluster.Desk.Events.Where(e => e is not SchedulerEvent.WorkerHeard));
        })];
        Assert.True(runs[0].Length > 10_000);
        Assert.Equal(runs[0], runs[1]);
    }

    [Theory]
    [InlineData("astraea")]
    [InlineData("program-fcfs")]
    public void Leases_never_exceed_what_a_worker_offers_but_for_one(string policy)
    {
        VirtualCluster cluster = Faulty(policy, 4);
        int checkedPlans = 0;
        cluster.Pulled = (worker, plan) =>
        {
            SchedulerEvent.Leased[] given = [.. cluster.Desk.Events.AsEnumerable().Reverse().TakeWhile(e => e is not SchedulerEvent.WorkerHeard).OfType<SchedulerEvent.Leased>()];
            Assert.Equal(plan.Leases.Length, given.Length);
            PullRequest offer = worker.Pull();
            int queuedBlocks = worker.Sequences.Where(s => !s.Running).Sum(s => s.Lease.Inputs.Blocks);
            int queued = worker.Sequences.Count(s => !s.Running);
            int running = worker.Sequences.Count(s => s.Running);
            Assert.True(given.Count(l => l.Beyond) <= 1);
            SchedulerEvent.Leased[] within = [.. given.Where(l => !l.Beyond)];
            if (within.Length == 0)
                return;
            checkedPlans++;
            Assert.True(within.Sum(l => l.Blocks) <= offer.BlocksFree - queuedBlocks);
            Assert.True(within.Length <= offer.Slots + Math.Ceiling(0.25 * (offer.Slots + running)) - queued);
        };
        cluster.Run(100);
        Assert.True(checkedPlans > 50);
    }

    private static VirtualCluster Faulty(string policy, ulong seed)
    {
        SeedTree tree = new(seed);
        var cluster = new VirtualCluster(SchedulingPolicies.Create(policy)) { PlanLoss = 0.02, Faults = tree.Child("faults").Generator() };
        VirtualWorker[] workers = [.. Enumerable.Range(0, 3).Select(w => cluster.AddWorker("w" + w, 120, 4))];
        SeededGenerator random = tree.Child("arrivals").Generator();
        double at = 0;
        for (int i = 1; i <= 60; i++)
        {
            at += 0.3 * random.NextExponential();
            int turns = 1 + random.NextInt(4);
            cluster.Add(new Script(i, at, "c" + random.NextInt(3), [.. Enumerable.Range(0, turns).Select(turn => new ScriptSegment(
                20 + random.NextInt(150), 5 + random.NextInt(60), turn == turns - 1 ? null : 2 * random.NextExponential()))]));
        }
        cluster.Crash(workers[0], 3, 0.5);
        cluster.Crash(workers[1], 6, 25);
        cluster.Crash(workers[2], 9, 14);
        return cluster;
    }

    /// <summary>Follows leases by their events and refuses what must not happen.</summary>
    private sealed class LeaseLedger
    {
        private readonly Dictionary<RequestId, SegmentAttempt> _open = [];
        private readonly Dictionary<RequestId, WorkerId> _holders = [];
        private readonly Dictionary<RequestId, int> _highest = [];

        public int Leases { get; private set; }

        public void Take(SchedulerEvent happened)
        {
            switch (happened)
            {
                case SchedulerEvent.Leased leased:
                    Leases++;
                    RequestId id = leased.Attempt.Request;
                    Assert.False(_open.ContainsKey(id), $"{leased.Attempt} while {_open.GetValueOrDefault(id)} is open");
                    Assert.True(leased.Attempt.Attempt > _highest.GetValueOrDefault(id), $"{leased.Attempt} after attempt {_highest.GetValueOrDefault(id)}");
                    _highest[id] = leased.Attempt.Attempt;
                    _open[id] = leased.Attempt;
                    _holders[id] = leased.Worker;
                    break;
                case SchedulerEvent.LeaseReturned returned:
                    _open.Remove(returned.Attempt.Request);
                    break;
                case SchedulerEvent.WorkerLost lost:
                    foreach (RequestId held in _open.Keys.Where(k => _holders[k] == lost.Worker).ToArray())
                        _open.Remove(held);
                    break;
                case SchedulerEvent.Told told when told.Status.Phase != RequestPhase.Running && told.Status.Attempt >= _highest.GetValueOrDefault(told.Status.Request):
                    _open.Remove(told.Status.Request);
                    break;
            }
        }
    }
}
