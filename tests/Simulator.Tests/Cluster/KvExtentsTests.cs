using Astraea.Core.Batching;
using Astraea.Core.Determinism;
using Astraea.Core.KvCache;
using Astraea.Simulator.Cluster;
using Astraea.Simulator.Cluster.Memory;

namespace Astraea.Simulator.Tests.Cluster;

public sealed class KvExtentsTests
{
    private const int BlockTokens = 16;

    private static KvExtents Memory(int device = 64, int host = 96) =>
        new(device, host, BlockTokens, 1024, writesBack: true, new CopyLanes(10_000, BlockTokens, device));

    private static ContextKv Open(KvExtents memory, int session, int length, int version = 0) =>
        memory.Open(session, null, 0, version, length, static _ => int.MaxValue);

    [Fact]
    public void Blocks_add_up_whatever_is_done()
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            SeededGenerator draws = new(seed);
            KvExtents memory = Memory();
            ContextKv?[] held = new ContextKv?[12];
            for (int step = 0; step < 400; step++)
            {
                int session = draws.NextInt(held.Length);
                if (held[session] is { } kv)
                {
                    if (draws.NextInt(3) == 0 && memory.TryGrow(kv, kv.Length))
                        memory.Commit(kv, kv.Length);
                    if (draws.NextInt(3) == 0)
                        memory.CopyToHost(kv);
                    if (draws.NextInt(2) == 0)
                    {
                        memory.Detach(kv, (KvRelease)draws.NextInt(3));
                        held[session] = null;
                    }
                }
                else
                {
                    bool shares = session % 2 == 0;
                    int kept = draws.NextInt(2) == 0 ? int.MaxValue : draws.NextInt(300);
                    ContextKv opened = memory.Open(session, shares ? "prefix" : null, shares ? 4 : 0, step, 70 + draws.NextInt(400), _ => kept);
                    memory.DropStale(opened);
                    PrefixHits hits = memory.Probe(opened, useHost: true);
                    int copied = memory.Attach(opened, useHost: true);
                    Assert.True(copied <= hits.HostBlocks);
                    Assert.True(opened.BlockCount <= hits.DeviceBlocks + hits.HostBlocks);
                    held[session] = opened;
                }
                memory.Check();
            }
        }
    }

    [Fact]
    public void What_is_evicted_is_written_back_and_found_again()
    {
        KvExtents memory = Memory(device: 20);
        ContextKv first = Open(memory, 1, 200);
        Assert.True(memory.TryGrow(first, 200));
        memory.Commit(first, 199);
        memory.Detach(first, KvRelease.Recent);
        Assert.Equal(12 * BlockTokens, memory.Resident(first).Device);
        ContextKv second = Open(memory, 2, 300);
        Assert.True(memory.TryGrow(second, 300));
        Assert.Equal(11, memory.WrittenBack);
        Assert.Equal(new KvResident(BlockTokens, 12 * BlockTokens, 12 * BlockTokens), memory.Resident(first));
        memory.Detach(second, KvRelease.EvictFirst);
        ContextKv again = Open(memory, 1, 220, version: 1);
        Assert.Equal(new PrefixHits(1, 11, 1), memory.Probe(again, useHost: true));
        Assert.Equal(11, memory.Attach(again, useHost: true));
        Assert.Equal(12 * BlockTokens, again.Computed);
        memory.Check();
    }

    [Fact]
    public void Unwanted_extents_go_first_and_the_least_recently_used_next()
    {
        KvExtents memory = Memory(device: 30, host: 0);
        ContextKv[] contexts = [.. Enumerable.Range(0, 3).Select(i => Open(memory, i, 160))];
        foreach (ContextKv context in contexts)
        {
            memory.TryGrow(context, 160);
            memory.Commit(context, 160);
        }
        memory.Detach(contexts[1], KvRelease.Recent);
        memory.Detach(contexts[0], KvRelease.Recent);
        memory.Detach(contexts[2], KvRelease.EvictFirst);
        memory.TryGrow(Open(memory, 9, 240), 240);
        Assert.Equal([160, 80, 0], contexts.Select(c => memory.Resident(c).Device));
        List<ContextKv> lost = [];
        Assert.True(memory.TryTakeLosses(lost));
        Assert.Equal([contexts[2], contexts[1]], lost);
    }

    [Fact]
    public void Runs_in_the_host_tier_join_when_the_gap_between_them_closes()
    {
        HostRuns runs = default;
        runs.Add(0, 4);
        runs.Add(8, 10);
        Assert.Equal((6, 4, 10), (runs.Count, runs.Reach(0), runs.Reach(8)));
        Assert.Equal(4, runs.Missing(2, 10));
        runs.Add(4, 8);
        Assert.Equal((10, 10), (runs.Count, runs.Reach(0)));
        runs.DropLast(3);
        runs.Trim(5);
        Assert.Equal((5, 5), (runs.Count, runs.Reach(0)));
    }
}
