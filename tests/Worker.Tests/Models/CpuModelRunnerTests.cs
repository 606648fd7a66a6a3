using System.Runtime.InteropServices;
using Astraea.Worker.Engine;
using Astraea.Worker.Kernels;
using Astraea.Worker.Kernels.Matrices;
using Astraea.Worker.Memory;
using Astraea.Worker.Models.Transformer;

namespace Astraea.Worker.Tests.Models;

public sealed class CpuModelRunnerTests : IDisposable
{
    private readonly CpuModelRunner _runner = new(Golden.Load("qwen3-mini").Model, kvBlocks: 200);

    public void Dispose() => _runner.Dispose();

    public static TheoryData<int[], int, int[], string> WrongSequences => new()
    {
        { [], 0, [0], "Sequence 1 of the batch has no rows" },
        { [1, 384], 0, [1], "has token 384; the vocabulary has 0 to 383" },
        { [-1], 0, [1], "has token -1" },
        { [1], -1, [1], "has positions -1 to -1; the context has 0 to 2047" },
        { [1], 2048, [.. Enumerable.Range(1, 129)], "has positions 2048 to 2048" },
        { [1, 2], 2047, [.. Enumerable.Range(1, 129)], "has positions 2047 to 2048" },
        { [1], int.MaxValue, [1], "has positions 2147483647" },
        { [1], 16, [1], "has 1 blocks; its last row needs 2" },
        { [1], 0, [200], "has block 200; there are 0 to 199" },
        { [1], 16, [-1, 1], "has block -1" },
        { [1], 0, [0], "writes block 0, which this step writes elsewhere too" },
        { [.. Enumerable.Repeat(1, 20)], 0, [5, 5], "writes block 5, which this step writes elsewhere too" },
        { [1], 16, [0, 1], "reads block 0 as its past, which this step writes" },
    };

    [Theory]
    [MemberData(nameof(WrongSequences))]
    public void A_batch_that_cannot_be_computed_is_refused_before_anything_is_written(int[] tokens, int position, int[] blocks, string message)
    {
        var before = new byte[_runner.Kv.BlockBytes];
        _runner.Kv.CopyOut(0, before);
        string actual = Assert.Throws<ArgumentException>(() => _runner.Step(
            new StepSequence(new[] { 1, 2 }, 0, new[] { 0 }, WantsLogits: true),
            new StepSequence(tokens, position, blocks, WantsLogits: true))).Message;
        Assert.Contains("Sequence 1", actual, StringComparison.Ordinal);
        Assert.Contains(message, actual, StringComparison.Ordinal);
        var after = new byte[_runner.Kv.BlockBytes];
        _runner.Kv.CopyOut(0, after);
        Assert.Equal(before, after);
        // And the runner goes on.
        Assert.Single(_runner.Step(new StepSequence(new[] { 1, 2 }, 0, new[] { 0 }, WantsLogits: true)));
    }

    [Fact]
    public void Blocks_of_the_past_may_be_shared_and_the_last_context_position_can_be_used()
    {
        int[] prompt = [.. Enumerable.Range(0, 32)];
        _runner.Step(new StepSequence(prompt, 0, new[] { 0, 1 }, WantsLogits: false));
        float[][] both = _runner.Step(
            new StepSequence(new[] { 7 }, 32, new[] { 0, 1, 2 }, WantsLogits: true), new StepSequence(new[] { 7 }, 32, new[] { 0, 1, 3 }, WantsLogits: true));
        Assert.Equal(both[0], both[1]);
        Assert.Single(_runner.Step(new StepSequence(new[] { 1 }, 2047, Enumerable.Range(50, 128).ToArray(), WantsLogits: true)));
    }

    [Fact]
    public void Logits_come_in_batch_order_for_those_who_want_them()
    {
        float[] a = _runner.Logits(new[] { 5 }, 0, [0]), c = _runner.Logits(new[] { 9 }, 0, [0]);
        float[][] wanted = _runner.Step(
            new StepSequence(new[] { 5 }, 0, new[] { 0 }, WantsLogits: true),
            new StepSequence(new[] { 7 }, 0, new[] { 1 }, WantsLogits: false),
            new StepSequence(new[] { 9 }, 0, new[] { 2 }, WantsLogits: true));
        Assert.Equal([a, c], wanted);
        Assert.Empty(_runner.Step());
        Assert.Contains("needs 1 · 384", Assert.Throws<ArgumentException>(() =>
        {
            var batch = new StepBatch();
            batch.Add(new StepSequence(new[] { 1 }, 0, new[] { 0 }, WantsLogits: true));
            _runner.Forward(batch, new float[383]);
        }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Spoilt_kv_is_reported_for_its_own_sequence_and_the_others_have_their_logits()
    {
        int[] prompt = [.. Enumerable.Range(3, 20)];
        float[] good = _runner.Logits(prompt, 0, [0, 1]);
        _runner.Logits(prompt, 0, [2, 3]);
        var nan = new byte[_runner.Kv.BlockBytes];
        MemoryMarshal.Cast<byte, float>(nan.AsSpan()).Fill(float.NaN);
        _runner.Kv.CopyIn(2, nan);

        var batch = new StepBatch();
        batch.Add(new StepSequence(prompt.AsMemory(19), 19, new[] { 2, 3 }, WantsLogits: false));
        batch.Add(new StepSequence(prompt.AsMemory(18), 18, new[] { 2, 4 }, WantsLogits: true));
        batch.Add(new StepSequence(prompt.AsMemory(19), 19, new[] { 0, 1 }, WantsLogits: true));
        var logits = new float[2 * 384];
        Assert.Equal([1], Assert.Throws<NonFiniteLogitsException>(() => _runner.Forward(batch, logits)).Sequences.ToArray());
        Assert.Equal(good, logits[384..]);
    }

    [Theory]
    [InlineData(WeightFormat.F32, KvFormat.F32, 1)]
    [InlineData(WeightFormat.F32, KvFormat.F32, 2)]
    [InlineData(WeightFormat.Bf16, KvFormat.Bf16, 2)]
    [InlineData(WeightFormat.W8, KvFormat.Bf16, 1)]
    [InlineData(WeightFormat.W8G128, KvFormat.Bf16, 2)]
    [InlineData(WeightFormat.Q4, KvFormat.F32, 2)]
    public void Steps_allocate_nothing_once_warm(WeightFormat weights, KvFormat kv, int threads)
    {
        using CpuModel model = CpuModel.Load(Golden.FolderOf("llama3-mini"), weights);
        using var runner = new CpuModelRunner(model, kvBlocks: 40, threads, kvFormat: kv);
        var batch = new StepBatch();
        int[] prompt = [.. Enumerable.Range(0, 200)], blocks = RunnerSteps.Blocks(200), other = RunnerSteps.Blocks(100, first: 20);
        var logits = new float[2 * 384];
        for (int i = 0; i < 3; i++)
            Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 200; i++)
            Step();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Step()
        {
            batch.Clear();
            batch.Add(new StepSequence(prompt, 0, blocks, WantsLogits: true));
            batch.Add(new StepSequence(prompt.AsMemory(0, 1), 99, other, WantsLogits: true));
            runner.Forward(batch, logits);
        }
    }

    [Fact]
    public void Blocks_are_copied_whole_and_only_where_there_are_any()
    {
        IKvMemory kv = _runner.Kv;
        // 3 layers, 2 heads, 16 tokens, keys and values of 32 f32.
        Assert.Equal((16, 200, 3 * 2 * 16 * 2 * 32 * 4), (kv.BlockTokens, kv.Blocks, kv.BlockBytes));
        var bytes = new byte[kv.BlockBytes];
        new Random(1).NextBytes(bytes);
        kv.CopyIn(199, bytes);
        var read = new byte[kv.BlockBytes];
        kv.CopyOut(199, read);
        Assert.Equal(bytes, read);
        Assert.Contains("blocks 0 to 199", Assert.Throws<ArgumentOutOfRangeException>(() => kv.CopyIn(200, bytes)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => kv.CopyOut(-1, bytes));
        Assert.Throws<ArgumentOutOfRangeException>(() => kv.CopyOut(0, new byte[bytes.Length - 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => kv.CopyIn(0, new byte[bytes.Length + 1]));
    }

    [Fact]
    public void A_disposed_runner_says_so()
    {
        var runner = new CpuModelRunner(Golden.Load("llama2-mini").Model, kvBlocks: 1, threads: 3);
        runner.Dispose();
        runner.Dispose();
        Assert.Throws<ObjectDisposedException>(() => runner.Step());
        Assert.Throws<ObjectDisposedException>(() => runner.Kv.CopyOut(0, new byte[runner.Kv.BlockBytes]));
    }

    [Fact]
    public void The_numerics_class_names_everything_that_decides_bits()
    {
        CpuModel model = Golden.Load("qwen3-mini").Model;
        Assert.Equal(new NumericsClass("cpu", InstructionSets.Name(InstructionSets.Best), "f32", "f32", CpuModelRunner.KernelVersion, model.WeightsDigest), _runner.Numerics);
        using CpuModel q4 = CpuModel.Load(Golden.FolderOf("qwen3-mini"), WeightFormat.Q4);
        using var runner = new CpuModelRunner(q4, kvBlocks: 1, set: InstructionSet.Scalar, kvFormat: KvFormat.Bf16);
        Assert.Equal($"cpu-scalar-q4-kvbf16-k{CpuModelRunner.KernelVersion}-{model.WeightsDigest}", runner.Numerics.ToString());
        Assert.Equal(4, Golden.Names.Select(n => Golden.Load(n).Model.WeightsDigest).Distinct().Count());
    }
}
