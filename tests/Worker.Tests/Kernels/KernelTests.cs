using Astraea.Worker.Kernels;
using Astraea.Worker.Models.Weights;

namespace Astraea.Worker.Tests.Kernels;

/// <summary>Both twins of each row kernel against the formula in double.</summary>
public sealed class KernelTests
{
    private static readonly int[] Widths = [1, 2, 7, 8, 9, 15, 16, 31, 48, 64, 100, 257];

    public static TheoryData<InstructionSet> Sets => new(Enum.GetValues<InstructionSet>().Where(InstructionSets.IsSupported));

    [Fact]
    public void Exponentials_are_within_two_units_in_the_last_place_and_exact_at_the_ends()
    {
        var eight = new float[8];
        var random = new Random(1);
        for (int i = 0; i < 20_000; i++)
        {
            for (int j = 0; j < 8; j++)
                eight[j] = (float)(-87.2 * Math.Pow(random.NextDouble(), 3));
            System.Runtime.Intrinsics.Vector256<float> vector = Exponential.Simd(System.Runtime.Intrinsics.Vector256.Create(eight));
            for (int j = 0; j < 8; j++)
            {
                double expected = Math.Exp(eight[j]);
                Assert.InRange(Exponential.Reference(eight[j]) / expected, 1 - 2.4e-7, 1 + 2.4e-7);
                Assert.InRange(vector[j] / expected, 1 - 2.4e-7, 1 + 2.4e-7);
            }
        }
        foreach ((float x, float expected) in ((float, float)[])[(0, 1), (-0f, 1), (-88, 0), (float.NegativeInfinity, 0), (float.NaN, float.NaN)])
        {
            Assert.Equal(expected, Exponential.Reference(x));
            Assert.Equal(expected, Exponential.Simd(System.Runtime.Intrinsics.Vector256.Create(x))[3]);
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Rms_norm_divides_by_the_root_of_the_mean_square(InstructionSet set)
    {
        foreach (int width in Widths)
        {
            float[] x = Values(width, 1), weight = Values(width, 2), output = new float[width];
            RmsNorm.Run(set, x, weight, 1e-5f, output);
            double scale = 1 / Math.Sqrt(x.Sum(v => (double)v * v) / width + 1e-5);
            for (int i = 0; i < width; i++)
                AssertNear(x[i] * scale * weight[i], output[i], 2e-6);
            RmsNorm.Run(set, x, weight, 1e-5f, x);
            Assert.Equal(output, x);
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Swiglu_gates_by_the_sigmoid_and_survives_large_numbers(InstructionSet set)
    {
        foreach (int width in Widths)
        {
            float[] gate = Values(width, 3, scale: 12), up = Values(width, 4), output = new float[width];
            SwiGlu.Run(set, gate, up, output);
            for (int i = 0; i < width; i++)
                AssertNear(gate[i] / (1 + Math.Exp(-gate[i])) * up[i], output[i], 1e-6);
        }
        float[] extreme = [1e30f, -1e30f, 200, -200, 0, -0f, 88, -88];
        SwiGlu.Run(set, extreme, [1, 1, 1, 1, 1, 1, 1, 1], extreme);
        Assert.Equal([1e30f, 0, 200, 0, 0, 0, 88, 0], extreme.Select(v => MathF.Abs(v) < 1e-30 ? 0 : v));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Addition_adds_in_place(InstructionSet set)
    {
        foreach (int width in Widths)
        {
            float[] target = Values(width, 5), addend = Values(width, 6);
            float[] expected = [.. target.Zip(addend, (a, b) => a + b)];
            VectorAdd.Run(set, target, addend);
            Assert.Equal(expected, target);
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Rotary_embedding_turns_pairs_of_halves_by_position_times_frequency(InstructionSet set)
    {
        foreach (int headDim in (int[])[2, 6, 16, 18, 64, 128])
        {
            double[] frequencies = RotaryEmbedding.Frequencies(headDim, 10000, scaling: null);
            foreach (int position in (int[])[0, 1, 17, 4095, 131_071, 1_048_575])
            {
                float[] head = Values(headDim, 7), before = [.. head];
                float[] cosines = new float[headDim / 2], sines = new float[headDim / 2];
                RotaryEmbedding.Angles(frequencies, position, cosines, sines);
                RotaryEmbedding.Run(set, head, cosines, sines);
                for (int i = 0; i < headDim / 2; i++)
                {
                    (double sin, double cos) = Math.SinCos(position * Math.Pow(10000, -2.0 * i / headDim));
                    AssertNear(before[i] * cos - before[i + headDim / 2] * sin, head[i], 3e-7);
                    AssertNear(before[i + headDim / 2] * cos + before[i] * sin, head[i + headDim / 2], 3e-7);
                }
            }
        }
    }

    [Fact]
    public void Llama3_scaling_keeps_short_waves_stretches_long_ones_and_blends_between()
    {
        var scaling = new Llama3RopeScaling(Factor: 8, LowFrequencyFactor: 1, HighFrequencyFactor: 4, OriginalContextTokens: 64);
        double[] plain = RotaryEmbedding.Frequencies(64, 500_000, null), scaled = RotaryEmbedding.Frequencies(64, 500_000, scaling);
        int kept = 0, stretched = 0, blended = 0;
        for (int i = 0; i < plain.Length; i++)
        {
            double wave = 2 * Math.PI / plain[i];
            if (wave < 16)
                kept += scaled[i] == plain[i] ? 1 : -100;
            else if (wave > 64)
                stretched += scaled[i] == plain[i] / 8 ? 1 : -100;
            else
                blended += scaled[i] > plain[i] / 8 && scaled[i] < plain[i] ? 1 : -100;
        }
        Assert.True(kept > 0 && stretched > 0 && blended > 0, $"{kept} kept, {stretched} stretched, {blended} blended");
    }

    [Fact]
    public void A_single_number_that_is_not_finite_is_found_anywhere()
    {
        foreach (int width in Widths)
        {
            float[] values = Values(width, 8, scale: 1e38f);
            Assert.True(Finite.All(values));
            foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
            {
                for (int i = 0; i < width; i++)
                {
                    float good = values[i];
                    values[i] = bad;
                    Assert.False(Finite.All(values));
                    values[i] = good;
                }
            }
        }
    }

    internal static float[] Values(int count, int seed, float scale = 1)
    {
        var random = new Random(seed * 1000 + count);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 2 - 1) * scale)];
    }

    internal static void AssertNear(double expected, float actual, double tolerance) =>
        Assert.InRange(actual, expected - tolerance * Math.Max(1, Math.Abs(expected)), expected + tolerance * Math.Max(1, Math.Abs(expected)));
}
