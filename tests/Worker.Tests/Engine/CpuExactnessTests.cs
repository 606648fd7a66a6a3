using System.Collections.Immutable;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Engine;
using Astraea.Worker.Memory;
using Astraea.Worker.Models.Mini;
using Astraea.Worker.Models.Transformer;
using Astraea.Worker.Transfer;

namespace Astraea.Worker.Tests.Engine;

/// <summary>The real CPU runner under the real engine: logits are compared by their bits.</summary>
public sealed class CpuExactnessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("astraea-tiny").FullName;
    private readonly CpuModel _model;
    private readonly List<CpuModelRunner> _runners = [];

    public CpuExactnessTests()
    {
        TinyModel.WriteTo(_folder);
        _model = CpuModel.Load(_folder);
    }

    public void Dispose()
    {
        foreach (CpuModelRunner runner in _runners)
            runner.Dispose();
        _model.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("cache")]
    [InlineData("paper")]
    [InlineData("lazy")]
    public void Logits_are_the_same_bits_batched_chunked_swapped_recomputed_and_preempted(string rule)
    {
        long preemptions = 0, swapped = 0, recomputed = 0;
        for (int seed = 0; seed < 3; seed++)
        {
            Random random = new(seed);
            EngineRig rig = Rig(
                blocks: random.Next(17, 22), threads: 2, hostBlocks: random.Next(8, 40), slots: 4, stepTokens: random.Next(8, 64),
                policy: new TestPolicy { Kv = TestPolicy.Rule(rule) });
            AgentPlay[] agents = [.. Enumerable.Range(0, 6).Select(i => new AgentPlay(i, random.Next(1, 100), level: random.Next(3), turns: 3))];
            for (int round = 0; agents.Any(a => !a.Done); round++)
            {
                Assert.True(round < 10_000);
                foreach (AgentPlay agent in agents)
                    agent.Advance(rig, random);
                rig.Core.Step();
            }
            rig.Core.Check();
            EngineRig alone = Rig(); // Its cache is emptied between segments by a new engine over the same runner.
            foreach (AgentPlay agent in agents)
            {
                agent.AssertUndisturbed(rig, () => new EngineRig(runner: alone.Runner));
                recomputed += agent.Recomputed;
            }
            WorkerSnapshot end = rig.Core.Snapshot();
            preemptions += end.Preemptions;
            swapped += end.SwappedInBytes;
        }
        Assert.True(preemptions > 0, "The runs never preempted: they show nothing.");
        Assert.True(swapped > 0, "The runs never swapped in: they show nothing.");
        Assert.True(recomputed > 0, "The runs never recomputed: they show nothing.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Moved_kv_gives_the_same_bits_and_damaged_kv_does_not(bool damaged)
    {
        EngineRig source = Rig(), target = Rig(threads: 2);
        ImmutableArray<int> first = EngineRig.Context(1, 70);
        RecordingSink called = source.Start(1, first, EngineRig.Spec(max: 12, tool: "f")).Sink;
        source.Run();
        Assert.True(BlockKey.TryParse(called.Finished.Kv!.TipKey, out BlockKey tip));
        ExportedKv export = source.Core.Export(new RequestId(2), tip)!;
        List<byte[]> bytes = [.. export.Blocks.Select(b => b.Bytes.ToArray())];
        if (damaged)
            bytes[2][bytes[2].Length / 2 + 1] ^= 0x40;
        SequenceKv context = new(
            new BlockKeyer(EngineRig.Secret, target.Runner.Numerics.ToString(), 16).For(new TenantId("t")), [.. export.Blocks.SelectMany(b => b.Tokens)], 0);
        List<IncomingBlock> room = [];
        Assert.Null(target.Core.Reserve(bytes.Count, room));
        for (int i = 0; i < bytes.Count; i++)
            bytes[i].CopyTo(room[i].Bytes);
        Assert.Null(target.Core.Import(new RequestId(2), context, room, new WorkerId("w0")));
        target.Core.Check();
        Assert.True(source.Core.EndExport(export, moved: true));
        source.Core.Check();

        ImmutableArray<int> second = [.. first, .. called.Tokens, .. EngineRig.Context(2, 20)];
        RecordingSink resumed = target.Start(1, second, EngineRig.Spec(max: 20), segment: 1).Sink;
        target.Run();
        Assert.Equal(export.Blocks.Count * 16, resumed.Finished.Usage.CachedTokens);

        EngineRig alone = Rig();
        alone.Start(1, second, EngineRig.Spec(max: 20), segment: 1);
        alone.Run();
        bool sameBits = alone.Sampler.LogitBits.All(drawn => target.Sampler.LogitBits.TryGetValue(drawn.Key, out ulong bits) && bits == drawn.Value);
        Assert.Equal(!damaged, sameBits);
    }

    [Fact]
    public void Preserved_kv_gives_the_same_bits()
    {
        EngineRig rig = Rig();
        rig.Core.Calibrate(); // Overwrites blocks, which must not matter.
        Assert.True(rig.Core.Costs.Profile is { PrefillSecondsPerToken: > 0, DecodeSecondsPerToken: > 0, SwapSecondsPerToken: > 0 });
        ImmutableArray<int> first = EngineRig.Context(1, 70);
        RecordingSink called = rig.Start(1, first, EngineRig.Spec(max: 12, tool: "f")).Sink;
        rig.Run();
        Assert.Equal(KvDecision.Preserve, called.Finished.Kv!.Decision);
        ImmutableArray<int> second = [.. first, .. called.Tokens, .. EngineRig.Context(2, 20)];
        RecordingSink resumed = rig.Start(1, second, EngineRig.Spec(max: 20), segment: 1).Sink;
        rig.Run();
        Assert.Equal(called.Finished.Kv.DeviceTokens, resumed.Finished.Usage.CachedTokens);
        EngineRig alone = Rig();
        alone.Start(1, second, EngineRig.Spec(max: 20), segment: 1);
        alone.Run();
        Assert.All(alone.Sampler.LogitBits, drawn => Assert.Equal(drawn.Value, rig.Sampler.LogitBits[drawn.Key]));
    }

    private EngineRig Rig(
        int blocks = 64, int threads = 1, int hostBlocks = 64, int slots = 4, int stepTokens = 64, TestPolicy? policy = null)
    {
        CpuModelRunner runner = new(_model, blocks, threads);
        _runners.Add(runner);
        return new EngineRig(blocks, hostBlocks, slots, stepTokens, policy, runner);
    }
}
