using Astraea.Core.Batching;
using Astraea.Core.KvCache;
using Astraea.Core.KvCache.Policies;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Tests.Batching;

public sealed class BatchTests
{
    private static readonly Instant Now = new(10_000_000_000);

    private static Batch<Segment, Kv> Make(Tiers tiers, int stepTokens = 64, List<Segment>? failed = null)
    {
        Batch<Segment, Kv>? batch = null;
        batch = new Batch<Segment, Kv>(
            tiers, new HierarchicalHrrn(), PressureKv.Lazy(), new BatchLimits(8, stepTokens), new StepCostMeter(new CostProfile(1e-3, 1e-2, 1e-5, 1e-4)),
            new WorkerId("w"), segment =>
            {
                failed?.Add(segment);
                batch!.Leave(segment);
            });
        return batch;
    }

    private static Segment Arrive(Batch<Segment, Kv> batch, int id, int tokens, int level = 0, bool waited = false)
    {
        RequestId request = new((UInt128)id);
        Instant? since = waited ? Now - TimeSpan.FromSeconds(500) : Now;
        RankInputs inputs = new(request, new Instant(id), level, TimeSpan.Zero, since, 1, 1, 1, 1);
        Segment segment = new(new Lease(new SegmentAttempt(request, 0, 1), inputs, "test"), new Kv { Length = tokens });
        batch.Add(segment);
        return segment;
    }

    [Fact]
    public void Decodes_come_first_and_the_best_ranked_prefill_gets_the_rest()
    {
        Batch<Segment, Kv> batch = Make(new Tiers(100));
        Segment decoding = Arrive(batch, 1, 17);
        decoding.Decoding = true;
        decoding.Kv.Computed = 16;
        decoding.Kv.BlockCount = 1;
        Segment first = Arrive(batch, 2, 50, level: 1), second = Arrive(batch, 3, 50, level: 2);
        Assert.Equal([(decoding, 1), (first, 50), (second, 13)], batch.PlanStep(Now).Select(static p => (p.Segment, p.Rows)));
    }

    [Fact]
    public void The_guard_lane_gets_its_share_of_rows_before_decodes()
    {
        Batch<Segment, Kv> batch = Make(new Tiers(100), stepTokens: 8);
        for (int id = 1; id <= 7; id++)
        {
            Segment decoding = Arrive(batch, id, 17);
            (decoding.Decoding, decoding.Kv.Computed, decoding.Kv.BlockCount) = (true, 16, 1);
        }
        Segment guarded = Arrive(batch, 9, 40, level: 3, waited: true);
        Assert.Contains((guarded, 2), batch.PlanStep(Now).Select(static p => (p.Segment, p.Rows)));
    }

    [Fact]
    public void A_context_that_can_never_fit_is_given_up_and_the_next_one_runs()
    {
        List<Segment> failed = [];
        Tiers tiers = new(4);
        Batch<Segment, Kv> batch = Make(tiers, failed: failed);
        Segment large = Arrive(batch, 1, 65), small = Arrive(batch, 2, 20);
        Assert.Equal([(small, 20)], batch.PlanStep(Now).Select(static p => (p.Segment, p.Rows)));
        Assert.Equal([large], failed);
        Assert.False(large.Running);
    }

    [Fact]
    public void How_long_a_tool_took_is_learned_when_its_agent_resumes()
    {
        Tiers tiers = new(100);
        Batch<Segment, Kv> batch = Make(tiers);
        Segment first = Arrive(batch, 1, 40);
        batch.PlanStep(Now);
        Assert.Equal(KvDecision.Preserve, batch.Park(first, "grep", Now).Decision);
        Assert.Equal(1, batch.Idle.Preserved);
        Segment next = Arrive(batch, 1, 60);
        batch.Resume(next, first.Attempt.Request, Now + TimeSpan.FromSeconds(8));
        Assert.Equal(0, batch.Idle.Count);
        Assert.Equal((3, 0), (next.Kv.BlockCount, first.Kv.BlockCount));
        Assert.InRange(batch.Idle.Durations.Remaining("kind", "grep", 0.5, 0), 3, 8.5);
    }

    private sealed class Segment(Lease lease, Kv kv) : BatchSegment<Kv>(lease, "kind", kv, 0)
    {
        public override int InputTokens => Kv.Length;
    }

    private sealed class Kv : IContextKv
    {
        public int Length { get; set; }

        public int Computed { get; set; }

        public int Pending => Length - Computed;

        public int BlockCount { get; set; }

        public int Published => Computed / 16;

        public int HighWater => Computed;

        public int BlocksFor(int tokens) => (tokens + 15) / 16;
    }

    /// <summary>A pool without cache or host tier: blocks are held or free.</summary>
    private sealed class Tiers(int blocks) : IKvTiers<Kv>
    {
        public int BlockTokens => 16;

        public int BlockBytes => 16;

        public int DeviceBlocks => blocks;

        public int DeviceUsed { get; private set; }

        public int DeviceAvailable => blocks - DeviceUsed;

        public int HostRoom => 0;

        public long Evictions => 0;

        public bool TryTakeLosses(List<Kv> lost) => true;

        public PrefixHits Probe(Kv kv, bool useHost) => default;

        public int Attach(Kv kv, bool useHost) => 0;

        public void TakeOver(Kv kv, Kv older)
        {
            (kv.BlockCount, kv.Computed) = (older.BlockCount, older.Computed);
            older.BlockCount = 0;
        }

        public bool TryGrow(Kv kv, int tokens)
        {
            int more = Math.Min(kv.BlocksFor(tokens) - kv.BlockCount, DeviceAvailable);
            DeviceUsed += Math.Max(0, more);
            kv.BlockCount += Math.Max(0, more);
            return kv.BlockCount >= kv.BlocksFor(tokens);
        }

        public void Detach(Kv kv, KvRelease how)
        {
            DeviceUsed -= kv.BlockCount;
            (kv.BlockCount, kv.Computed) = (0, 0);
        }

        public int BlocksToCopy(Kv kv) => kv.Published;

        public int CopyToHost(Kv kv) => -1;

        public int OwnBlocks(Kv kv) => kv.BlockCount;

        public KvResident Resident(Kv kv) => new(kv.Computed, 0, kv.Computed);

        public string TipKey(Kv kv, int blocks) => string.Empty;
    }
}
