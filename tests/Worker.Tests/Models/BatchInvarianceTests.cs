using System.Runtime.InteropServices;
using Astraea.Worker.Engine;
using Astraea.Worker.Kernels;
using Astraea.Worker.Kernels.Matrices;
using Astraea.Worker.Memory;
using Astraea.Worker.Models.Transformer;

namespace Astraea.Worker.Tests.Models;

/// <summary>Inside one numerics class, logits are bit-equal whatever happens around and to a sequence (ENGINE.md, Exactness).</summary>
public sealed class BatchInvarianceTests
{
    public static TheoryData<string, InstructionSet> Paths => Golden.NamesAndSets();

    /// <summary>All but f32 weights over f32 KV, which the other tests are about.</summary>
    public static TheoryData<WeightFormat, KvFormat, InstructionSet> Formats
    {
        get
        {
            var data = new TheoryData<WeightFormat, KvFormat, InstructionSet>();
            foreach (InstructionSet set in Golden.Sets)
            {
                data.Add(WeightFormat.F32, KvFormat.Bf16, set);
                foreach (WeightFormat weights in Enum.GetValues<WeightFormat>().Where(w => w != WeightFormat.F32))
                {
                    data.Add(weights, KvFormat.Bf16, set);
                    if (set != InstructionSet.Scalar)
                        data.Add(weights, KvFormat.F32, set);
                }
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Logits_are_bit_equal_in_random_compositions_on_one_to_three_threads(string name, InstructionSet set) =>
        AssertInvariant(Golden.Load(name).Model, set, lengths: [300, 1, 17, 130, 64, 33], seeds: set == InstructionSet.Scalar ? 1 : 3);

    [Theory]
    [MemberData(nameof(Formats))]
    public void Logits_are_bit_equal_in_every_format(WeightFormat weights, KvFormat kv, InstructionSet set)
    {
        using (CpuModel model = CpuModel.Load(Golden.FolderOf("qwen3-mini"), weights))
            AssertInvariant(model, set, lengths: [270, 1, 17, 33], seeds: 1, kv);
        foreach (TestModelFolder.Sizes sizes in TestModelFolder.OddSizes[..(set == InstructionSet.Scalar ? 1 : 3)])
        {
            using var folder = new TestModelFolder(sizes, seed: 5);
            using CpuModel model = CpuModel.Load(folder.Path, weights);
            AssertInvariant(model, set, lengths: [70, 1, 17, 130], seeds: 1, kv);
        }
    }

    [Theory]
    [InlineData(InstructionSet.Scalar)]
    [InlineData(InstructionSet.Vector256)]
    public void Logits_are_bit_equal_for_sizes_that_fill_no_register(InstructionSet set)
    {
        if (!InstructionSets.IsSupported(set))
            return;
        foreach (TestModelFolder.Sizes sizes in TestModelFolder.OddSizes)
        {
            using var folder = new TestModelFolder(sizes, seed: 5);
            using CpuModel model = CpuModel.Load(folder.Path);
            AssertInvariant(model, set, lengths: [70, 1, 17, 260], seeds: set == InstructionSet.Scalar ? 1 : 3);
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_prompt_at_once_a_prompt_in_chunks_and_a_prompt_token_by_token_give_the_same_bits(string name, InstructionSet set)
    {
        int[] tokens = RandomTokens(290, seed: 4);
        using var runner = new CpuModelRunner(Golden.Load(name).Model, kvBlocks: 64, set: set);
        float[] atOnce = runner.Logits(tokens, 0, RunnerSteps.Blocks(290));
        foreach (int[] edges in (int[][])[[1, 289], [15, 16, 17], [48, 49, 255, 256, 257], [250, 270]])
        {
            int[] blocks = RunnerSteps.Blocks(290, first: 20);
            int position = 0;
            foreach (int edge in edges)
            {
                runner.Step(new StepSequence(tokens.AsMemory(position, edge - position), position, blocks, WantsLogits: false));
                position = edge;
            }
            AssertSame(atOnce, runner.Logits(tokens.AsMemory(position), position, blocks));
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_flipped_bit_in_the_kv_changes_the_logits(string name, InstructionSet set)
    {
        int[] tokens = RandomTokens(40, seed: 6);
        int[] blocks = RunnerSteps.Blocks(40);
        using var runner = new CpuModelRunner(Golden.Load(name).Model, kvBlocks: 3, set: set);
        float[] untouched = runner.Logits(tokens, 0, blocks);
        // Sound as long as nobody touches it: the last token again, over the same KV.
        AssertSame(untouched, runner.Logits(tokens.AsMemory(39), 39, blocks));

        var bytes = new byte[runner.Kv.BlockBytes];
        runner.Kv.CopyOut(1, bytes);
        int keys = 16 * runner.Shape.HeadDim * sizeof(float);
        // The third byte of a float: the middle of its mantissa. A key of the first layer, and a value.
        foreach (int place in (int[])[2, keys + 2])
        {
            bytes[place] ^= 0x20;
            runner.Kv.CopyIn(1, bytes);
            float[] touched = runner.Logits(tokens.AsMemory(39), 39, blocks);
            Assert.False(Bits(untouched).SequenceEqual(Bits(touched)));
            bytes[place] ^= 0x20;
            runner.Kv.CopyIn(1, bytes);
            AssertSame(untouched, runner.Logits(tokens.AsMemory(39), 39, blocks));
        }
    }

    [Fact]
    public void Two_runners_of_one_model_are_of_one_class_and_exchange_blocks()
    {
        CpuModel model = Golden.Load("qwen3-mini").Model;
        int[] tokens = RandomTokens(50, seed: 7);
        using var source = new CpuModelRunner(model, kvBlocks: 4);
        using var target = new CpuModelRunner(model, kvBlocks: 8, threads: 2);
        Assert.Equal(source.Numerics, target.Numerics);
        using var scalar = new CpuModelRunner(model, kvBlocks: 1, set: InstructionSet.Scalar);
        Assert.Equal("scalar", scalar.Numerics.InstructionSet);

        source.Logits(tokens.AsMemory(0, 49), 0, RunnerSteps.Blocks(49));
        int[] blocks = [6, 1, 7, 0];
        var bytes = new byte[source.Kv.BlockBytes];
        for (int i = 0; i < 4; i++)
        {
            source.Kv.CopyOut(i, bytes);
            target.Kv.CopyIn(blocks[i], bytes);
        }
        AssertSame(source.Logits(tokens.AsMemory(49), 49, RunnerSteps.Blocks(50)), target.Logits(tokens.AsMemory(49), 49, blocks));
    }

    private static void AssertInvariant(CpuModel model, InstructionSet set, int[] lengths, int seeds, KvFormat kv = KvFormat.F32)
    {
        int[][] tokens = [.. lengths.Select((length, i) => RandomTokens(length, seed: 100 + i, model.Shape.Vocabulary))];
        float[][][] alone = [.. tokens.Select(t => TokenByToken(model, set, kv, t))];
        int swaps = 0, recomputations = 0, comparisons = 0;
        for (int seed = 0; seed < seeds; seed++)
        {
            foreach (int threads in set == InstructionSet.Scalar ? (int[])[1, 3] : [1, 2, 3])
            {
                using var runner = new CpuModelRunner(model, kvBlocks: 90, threads, set, kv);
                var composition = new Composition(runner, tokens, seed);
                composition.Run((sequence, position, logits) => AssertSame(alone[sequence][position], logits));
                swaps += composition.Swaps;
                recomputations += composition.Recomputations;
                comparisons += composition.Comparisons;
            }
        }
        // The compositions must have done what they are there for.
        Assert.True(swaps > 0 && recomputations > 0 && comparisons > lengths.Length * seeds, $"{swaps} swaps, {recomputations} recomputations");
    }

    /// <summary>Logits at every position, one row per step, alone on a fresh runner: what everything else must equal.</summary>
    private static float[][] TokenByToken(CpuModel model, InstructionSet set, KvFormat kv, int[] tokens)
    {
        using var runner = new CpuModelRunner(model, RunnerSteps.BlocksFor(tokens.Length), threads: 1, set, kv);
        int[] blocks = RunnerSteps.Blocks(tokens.Length);
        return [.. tokens.Select((token, position) => runner.Logits(new[] { token }, position, blocks))];
    }

    private static int[] RandomTokens(int count, int seed, int vocabulary = 384)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
    }

    private static void AssertSame(float[] expected, float[] actual) => Assert.True(Bits(expected).SequenceEqual(Bits(actual)), "The logits differ.");

    private static ReadOnlySpan<uint> Bits(float[] values) => MemoryMarshal.Cast<float, uint>(values);
}
