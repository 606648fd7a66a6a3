using Astraea.Core.Determinism;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Tests.Scheduling;

/// <summary>Whatever the state, columns and shortlists give the leases, in the order, with the figures and reasons, that ranking everything gives.</summary>
public class PlannerOracleTests
{
    private static readonly string[] s_workers = ["w0", "w1", "w2", "w3"];

    public static TheoryData<string> Policies() => [.. SchedulingPolicies.Names, "astraea, memory weighed", "astraea, longest wait", "astraea, shortest work"];

    [Theory]
    [MemberData(nameof(Policies))]
    public void Plans_are_those_of_the_straightforward_planner(string policy)
    {
        HashSet<string> marks = [];
        int plans = 0, leases = 0;
        for (ulong seed = 1; seed <= 16; seed++)
        {
            Walk walk = new(Policy(policy), seed, marks);
            walk.Run(40);
            plans += walk.Plans;
            leases += walk.Leases;
        }
        Assert.True(plans == 640 && leases > 300, $"{plans} plans, {leases} leases");
        HashSet<string> seen = ["Home", "Fresh", "Taken", "LeftForHome", "LeftForLighter", "first pull", "again"];
        if (Policy(policy).LowerQueuesFill)
            seen.Add("misfit");
        if (policy == "astraea")
            seen.UnionWith(["guarded", "lane spent", "displaced", "refused late", "moved"]);
        // Where new requests are paused until their worker is heard again, few are ready at a time, and not every way to be passed over is met.
        if (Policy(policy).Active is not null)
            seen.IntersectWith(["Home", "Fresh"]);
        seen.ExceptWith(marks);
        Assert.Empty(seen);
    }

    private static ISchedulingPolicy Policy(string name) => name switch
    {
        "astraea, memory weighed" => new HierarchicalHrrn(new HierarchicalHrrnOptions { MemoryWeight = 2, Exponent = WaitExponent.Half }),
        "astraea, longest wait" => new HierarchicalHrrn(new HierarchicalHrrnOptions { Exponent = WaitExponent.Two, Levels = 1 }),
        "astraea, shortest work" => new HierarchicalHrrn(new HierarchicalHrrnOptions { Exponent = WaitExponent.Zero, GuardAfter = double.PositiveInfinity }),
        _ => SchedulingPolicies.Create(name),
    };

    /// <summary>A random life of a pool, each pull planned twice.</summary>
    private sealed class Walk
    {
        private readonly ISchedulingPolicy _policy;
        private readonly SchedulerOptions _options;
        private readonly SchedulerDesk _desk;
        private readonly SeededGenerator _random;
        private readonly HashSet<string> _marks;
        private readonly Dictionary<string, List<HeldLease>> _held = [];
        private readonly Dictionary<RequestId, RequestStatus> _pictures = [];
        private readonly int _workers;
        private int _next;

        public Walk(ISchedulingPolicy policy, ulong seed, HashSet<string> marks)
        {
            _policy = policy;
            _random = new SeededGenerator(seed);
            _marks = marks;
            _options = new SchedulerOptions { MisfitsMax = seed % 3 == 0 ? 4 : 64, QueueShare = seed % 2 == 0 ? 0.25 : 0 };
            _desk = new SchedulerDesk(policy, _options);
            _workers = 1 + _random.NextInt(4);
        }

        public int Plans { get; private set; }

        public int Leases { get; private set; }

        public void Run(int steps)
        {
            for (int i = _random.NextInt(4) == 0 ? 600 : 40; i > 0; i--)
                Arrive();
            for (int step = 0; step < steps; step++)
            {
                for (int i = _random.NextInt(8); i > 0; i--)
                    Arrive();
                for (int i = _random.NextInt(4); i > 0; i--)
                    Advance();
                // Now and then nothing passes: equal scores, the order by arrival and id.
                if (_random.NextInt(3) > 0)
                    _desk.Pass(_random.NextInt(4) switch { 0 => 0.001, 1 => 0.3, 2 => 2, _ => 12 * _random.NextDouble() });
                Pull(s_workers[_random.NextInt(_workers)]);
            }
        }

        private void Arrive()
        {
            string category = _random.NextInt(3) switch { 0 => "long", 1 => "short", _ => "agent" };
            RequestStatus status = _desk.Arrived(++_next, context: 1 + _random.NextInt(_random.NextInt(4) == 0 ? 5000 : 300), output: 1 + _random.NextInt(200), category);
            if (_random.NextInt(3) == 0)
            {
                status = status with { AttainedSeconds = 20 * _random.NextDouble(), Waited = TimeSpan.FromSeconds(5 * _random.NextDouble()), PhaseSince = _desk.Now - TimeSpan.FromSeconds(_random.NextDouble()) };
            }
            if (_random.NextInt(2) == 0)
            {
                int tokens = _random.NextInt(status.ContextTokens + 50);
                status = status with { Kv = SchedulerDesk.Place(s_workers[_random.NextInt(4)], _random.NextInt(2) * tokens, tokens, _random.NextInt(2) == 0 ? KvDecision.Preserve : KvDecision.Swap) };
            }
            Tell(status);
        }

        /// <summary>Something leased starts, is set aside, ends or waits for a tool.</summary>
        private void Advance()
        {
            (string worker, List<HeldLease> held) = _held.Where(h => h.Value.Count > 0).OrderBy(h => h.Key, StringComparer.Ordinal).FirstOrDefault();
            if (held is null)
                return;
            int at = _random.NextInt(held.Count);
            HeldLease lease = held[at];
            RequestStatus status = _pictures[lease.Attempt.Request];
            if (!lease.Running)
            {
                held[at] = lease with { Running = true };
                Tell(status.Started(lease.Attempt, worker, _desk.Now));
                return;
            }
            held.RemoveAt(at);
            int what = _random.NextInt(4);
            if (what == 0)
                Tell(status with { Version = status.Version + 1, Phase = RequestPhase.Ready, Worker = null, PhaseSince = _desk.Now });
            else if (what == 1)
                Tell(status.Completed(_desk.Now, 20, 10, 3 * _random.NextDouble()));
            else
                Tell(status.EndedInTool(_desk.Now, 20, 10, "tool", SchedulerDesk.Place(worker, status.ContextTokens)).ResultsCame(_desk.Now, 30) with { Version = status.Version + 2 });
        }

        private void Tell(RequestStatus status)
        {
            _pictures[status.Request] = status;
            _desk.Tell(status);
        }

        private void Pull(string worker)
        {
            List<HeldLease> held = _held.TryGetValue(worker, out List<HeldLease>? known) ? known : _held[worker] = [];
            int blocks = _random.NextInt(3) == 0 ? 100 : 400;
            PullRequest pull = SchedulerDesk.Idle(
                worker, blocks, _random.NextInt(6), free: _random.NextInt(blocks), held: [.. held], costs: new CostProfile(0.001, 0.01 * (1 + worker[1] - '0'), 0.0001, 0.0002));
            if (_desk.State.FindWorker(pull.Worker) is null)
                _marks.Add("first pull");
            var expected = new StraightforwardPlanner(_desk.State, _policy, _options, pull, _desk.Now);
            expected.Plan();
            _marks.UnionWith(expected.Marks);
            int before = _desk.Events.Count;
            int ready = _desk.State.ReadyRequests;
            Plan plan = _desk.Pull(pull);
            SchedulerEvent[] events = [.. _desk.Events.Skip(before)];
            Assert.Equal(expected.Leases, plan.Leases);
            Assert.Equal(
                expected.Moved.OrderBy(m => m.Key).Select(m => (m.Key, m.Value)),
                events.OfType<SchedulerEvent.LevelMoved>().Select(m => (m.Request, m.Level)).OrderBy(m => m.Request));
            // With more ready than are looked at closely, those further down are not asked when they might be had.
            Instant missing = _desk.Now + _options.MissingGrace + TimeSpan.FromTicks(1);
            if (ready < 60 && _options.MisfitsMax == 64)
                Assert.Equal(expected.Wake, events.OfType<SchedulerEvent.WakeWanted>().Select(w => (Instant?)w.Wake).SingleOrDefault(w => w != missing));
            if (ready > 400)
                _marks.Add("again");
            if (expected.Moved.Count > 0)
                _marks.Add("moved");
            Plans++;
            Leases += plan.Leases.Length;
            held.AddRange(plan.Leases.Select(l => new HeldLease(l.Attempt, false)));
            held.RemoveAll(h => plan.Revokes.Any(r => r.Attempt == h.Attempt));
        }
    }
}
