using System.Runtime.InteropServices;
using Astraea.Worker.Kernels;
using Astraea.Worker.Kernels.Matrices;

namespace Astraea.Worker.Tests.Kernels;

public sealed unsafe class LinearTests
{
    // Tails everywhere: in panels, in groups of 32 and 128, in words of 8 inputs, in passes over a panel.
    private static readonly (int Outputs, int Inputs)[] Sizes =
        [(1, 1), (16, 8), (17, 3), (64, 64), (70, 48), (130, 513), (15, 1100), (80, 1024), (33, 37), (48, 160), (20, 130)];

    public static TheoryData<WeightFormat, InstructionSet> Paths
    {
        get
        {
            var data = new TheoryData<WeightFormat, InstructionSet>();
            foreach (WeightFormat format in Enum.GetValues<WeightFormat>())
            {
                foreach (InstructionSet set in Enum.GetValues<InstructionSet>().Where(InstructionSets.IsSupported))
                    data.Add(format, set);
            }
            return data;
        }
    }

    public static TheoryData<WeightFormat> Formats => new(Enum.GetValues<WeightFormat>());

    [Theory]
    [MemberData(nameof(Paths))]
    public void Outputs_are_dot_products_with_the_rounded_weights_for_all_sizes_and_touch_nothing_else(WeightFormat format, InstructionSet set)
    {
        foreach ((int outputs, int inputs) in Sizes)
        {
            float[] input = WholeNumbers(100 * inputs, inputs);
            using PackedMatrix matrix = Pack(format, KernelTests.Values(outputs * inputs, 1), outputs, inputs);
            float[] rounded = Rounded(matrix);
            foreach (int rows in (int[])[1, 2, 3, 4, 5, 6, 7, 8, 11, 49, 100])
            {
                int stride = outputs + 3;
                float[] output = Multiply(set, matrix, input, rows, stride);
                for (int row = 0; row < rows; row++)
                {
                    for (int n = 0; n < stride; n++)
                    {
                        if (n >= outputs)
                            Assert.Equal(-77, output[row * stride + n]);
                        else if ((row + n) % 7 == 0)
                            KernelTests.AssertNear(Dot(rounded, input, row, n, inputs), output[row * stride + n], 127 * (1e-6 * Math.Sqrt(inputs) + 1e-6));
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Activations_are_rounded_to_no_worse_than_half_a_step(WeightFormat format, InstructionSet set)
    {
        foreach ((int outputs, int inputs) in Sizes)
        {
            float[] input = KernelTests.Values(7 * inputs, 2, scale: 3);
            using PackedMatrix matrix = Pack(format, KernelTests.Values(outputs * inputs, 1), outputs, inputs);
            float[] rounded = Rounded(matrix), output = Multiply(set, matrix, input, 7, outputs);
            for (int row = 0; row < 7; row++)
            {
                float largest = input.Skip(row * inputs).Take(inputs).Max(MathF.Abs);
                for (int n = 0; n < outputs; n++)
                {
                    double steps = rounded.Skip(n * inputs).Take(inputs).Sum(w => Math.Abs((double)w)) * (matrix.PackedRowBytes > 0 ? largest / 254 : 0);
                    KernelTests.AssertNear(Dot(rounded, input, row, n, inputs), output[row * outputs + n], steps + 3e-6 * Math.Sqrt(inputs) + 3e-6);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_row_has_the_same_bits_alone_and_among_any_number_of_others(WeightFormat format, InstructionSet set)
    {
        foreach ((int outputs, int inputs) in ((int, int)[])[(70, 48), (130, 1300), (64, 512), (16, 700)])
        {
            float[] input = KernelTests.Values(60 * inputs, 3);
            using PackedMatrix matrix = Pack(format, KernelTests.Values(outputs * inputs, 4), outputs, inputs);
            float[][] alone = [.. Enumerable.Range(0, 60).Select(row => Multiply(set, matrix, input[(row * inputs)..], 1, outputs))];
            for (int rows = 1; rows <= 60; rows++)
            {
                float[] together = Multiply(set, matrix, input, rows, outputs);
                for (int row = 0; row < rows; row++)
                    Assert.True(Bits(alone[row]).SequenceEqual(Bits(together.AsSpan(row * outputs, outputs))), $"{outputs}×{inputs}, row {row} of {rows}");
            }
        }
    }

    [Theory]
    [InlineData(WeightFormat.W8)]
    [InlineData(WeightFormat.W8G128)]
    [InlineData(WeightFormat.Q4)]
    public void Integer_formats_give_the_bits_of_the_scalar_twin(WeightFormat format)
    {
        if (!InstructionSets.IsSupported(InstructionSet.Vector256))
            return;
        foreach ((int outputs, int inputs) in Sizes)
        {
            // Scales a thousandfold apart, zeros, and weights and activations at the ends of their ranges, all of one sign: the largest sums there are.
            float[] weights = KernelTests.Values(outputs * inputs, 5), input = KernelTests.Values(13 * inputs, 6);
            for (int i = 0; i < input.Length; i++)
                input[i] *= (i / inputs) switch { 0 => 0, 1 => 1e-33f, 2 => 1000, _ => 1 };
            input.AsSpan(3 * inputs, inputs).Fill(-2);
            weights.AsSpan(0, inputs).Fill(-1);
            using PackedMatrix matrix = Pack(format, weights, outputs, inputs);
            Assert.Equal(Bits(Multiply(InstructionSet.Scalar, matrix, input, 13, outputs)), Bits(Multiply(InstructionSet.Vector256, matrix, input, 13, outputs)));
        }
    }

    [Theory]
    [InlineData(InstructionSet.Scalar)]
    [InlineData(InstructionSet.Vector256)]
    public void A_bf16_matrix_gives_the_bits_of_an_f32_matrix_of_the_same_weights(InstructionSet set)
    {
        if (!InstructionSets.IsSupported(set))
            return;
        foreach ((int outputs, int inputs) in Sizes)
        {
            float[] input = KernelTests.Values(13 * inputs, 7);
            using PackedMatrix half = Pack(WeightFormat.Bf16, KernelTests.Values(outputs * inputs, 8), outputs, inputs);
            using PackedMatrix whole = Pack(WeightFormat.F32, Rounded(half), outputs, inputs);
            Assert.Equal(Bits(Multiply(set, whole, input, 13, outputs)), Bits(Multiply(set, half, input, 13, outputs)));
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void An_activation_that_is_not_finite_spoils_its_own_row_and_no_other(WeightFormat format, InstructionSet set)
    {
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity])
        {
            float[] input = KernelTests.Values(3 * 70, 9);
            using PackedMatrix matrix = Pack(format, KernelTests.Values(18 * 70, 10), 18, 70);
            float[] good = Multiply(set, matrix, input, 3, 18);
            input[70 + 33] = bad;
            float[] spoilt = Multiply(set, matrix, input, 3, 18);
            Assert.Equal(good[..18], spoilt[..18]);
            Assert.DoesNotContain(spoilt[18..36], float.IsFinite);
            Assert.Equal(good[36..], spoilt[36..]);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_packed_matrix_gives_its_rows_back_as_exactly_as_its_format_can(WeightFormat format)
    {
        foreach ((int outputs, int inputs) in Sizes)
        {
            float[] weights = KernelTests.Values(outputs * inputs, 5);
            using PackedMatrix matrix = Pack(format, weights, outputs, inputs);
            float[] rounded = Rounded(matrix);
            // Of the largest weight of a group. In four bits the end that has no sign of its own is one step short.
            double step = format switch { WeightFormat.F32 => 0, WeightFormat.Bf16 => 1 / 256.0, WeightFormat.Q4 => 1.03 / 8, _ => 1.01 / 254 };
            int group = format switch { WeightFormat.F32 or WeightFormat.Bf16 => 1, WeightFormat.W8G128 => 128, _ => 32 };
            for (int n = 0; n < outputs; n++)
            {
                for (int k = 0; k < inputs; k++)
                {
                    int first = n * inputs + k / group * group;
                    float largest = weights[first..Math.Min(first + group, (n + 1) * inputs)].Max(MathF.Abs);
                    KernelTests.AssertNear(weights[n * inputs + k], rounded[n * inputs + k], step * largest);
                }
            }
        }
        using PackedMatrix small = Pack(format, new float[19 * 5], 19, 5);
        Assert.All(Rounded(small), v => Assert.Equal(0, v));
        Assert.Throws<ArgumentOutOfRangeException>(() => small.CopyRow(19, new float[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => small.SetRow(0, new float[4]));
    }

    [Fact]
    public void Formats_take_the_bits_a_weight_that_they_say()
    {
        foreach ((WeightFormat format, double bits) in ((WeightFormat, double)[])
            [(WeightFormat.F32, 32), (WeightFormat.Bf16, 16), (WeightFormat.W8, 8.5), (WeightFormat.W8G128, 8.125), (WeightFormat.Q4, 4.5)])
        {
            using PackedMatrix matrix = PackedMatrix.Create(format, 32, 256);
            Assert.Equal(bits, matrix.Bytes * 8.0 / (32 * 256));
        }
    }

    [Fact]
    public void Bf16_rounds_to_nearest_and_ties_to_even()
    {
        foreach ((float value, float expected) in ((float, float)[])
            [(1, 1), (1 + 1 / 256f, 1), (1 + 3 / 256f, 1 + 1 / 64f), (1 + 1.01f / 256, 1 + 1 / 128f), (-3.4e38f, float.NegativeInfinity), (float.NaN, float.NaN), (0, 0)])
            Assert.Equal(expected, Bf16.Widen(Bf16.Round(value)));
    }

    private static PackedMatrix Pack(WeightFormat format, float[] weights, int outputs, int inputs)
    {
        PackedMatrix matrix = PackedMatrix.Create(format, outputs, inputs);
        for (int n = 0; n < outputs; n++)
            matrix.SetRow(n, weights.AsSpan(n * inputs, inputs));
        return matrix;
    }

    /// <summary>The weights as the matrix keeps them.</summary>
    private static float[] Rounded(PackedMatrix matrix)
    {
        var weights = new float[matrix.Outputs * matrix.Inputs];
        for (int n = 0; n < matrix.Outputs; n++)
            matrix.CopyRow(n, weights.AsSpan(n * matrix.Inputs, matrix.Inputs));
        return weights;
    }

    /// <summary>Activations that eight bits hold exactly: integers up to 127, which stands in every group.</summary>
    private static float[] WholeNumbers(int count, int inputs)
    {
        var random = new Random(2);
        float[] values = [.. Enumerable.Range(0, count).Select(_ => (float)random.Next(-127, 128))];
        for (int i = 0; i < count; i++)
        {
            if (i % inputs % 32 == 0)
                values[i] = 127;
        }
        return values;
    }

    private static float[] Multiply(InstructionSet set, PackedMatrix matrix, float[] input, int rows, int stride)
    {
        var output = new float[rows * stride];
        Array.Fill(output, -77);
        int packedStride = (matrix.PackedRowBytes + 63) / 64 * 64;
        using var packed = new AlignedMemory((long)rows * packedStride);
        bool packs = packedStride > 0;
        for (int row = 0; packs && row < rows; row++)
            matrix.PackRow(set, input.AsSpan(row * matrix.Inputs, matrix.Inputs), packed.Start + row * packedStride);
        fixed (float* a = input, c = output)
        {
            for (int chunk = 0; chunk < Linear.Chunks(matrix, rows); chunk++)
                Linear.Run(set, matrix, packs ? packed.Start : (byte*)a, packs ? packedStride : matrix.Inputs * sizeof(float), rows, c, stride, chunk);
        }
        return output;
    }

    private static double Dot(float[] weights, float[] input, int row, int n, int inputs)
    {
        double sum = 0;
        for (int k = 0; k < inputs; k++)
            sum += (double)weights[n * inputs + k] * input[row * inputs + k];
        return sum;
    }

    private static ReadOnlySpan<uint> Bits(ReadOnlySpan<float> values) => MemoryMarshal.Cast<float, uint>(values);
}
