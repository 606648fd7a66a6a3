using System.Runtime.InteropServices;
using Astraea.Worker.Kernels;

namespace Astraea.Worker.Tests.Kernels;

public sealed unsafe class LinearTests
{
    public static TheoryData<InstructionSet> Sets => KernelTests.Sets;

    [Theory]
    [MemberData(nameof(Sets))]
    public void Outputs_are_dot_products_for_all_sizes_and_touch_nothing_else(InstructionSet set)
    {
        foreach ((int outputs, int inputs) in ((int, int)[])[(1, 1), (16, 8), (17, 3), (64, 64), (70, 48), (130, 513), (15, 1100), (80, 1024)])
        {
            float[] weights = KernelTests.Values(outputs * inputs, 1), input = KernelTests.Values(100 * inputs, 2);
            using PackedMatrix matrix = Pack(weights, outputs, inputs);
            foreach (int rows in (int[])[1, 2, 3, 5, 6, 7, 8, 11, 49, 100])
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
                            KernelTests.AssertNear(Dot(weights, input, row, n, inputs), output[row * stride + n], 1e-6 * Math.Sqrt(inputs) + 1e-6);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_row_has_the_same_bits_alone_and_among_any_number_of_others(InstructionSet set)
    {
        foreach ((int outputs, int inputs) in ((int, int)[])[(70, 48), (130, 1300), (64, 512), (16, 700)])
        {
            float[] input = KernelTests.Values(60 * inputs, 3);
            using PackedMatrix matrix = Pack(KernelTests.Values(outputs * inputs, 4), outputs, inputs);
            float[][] alone = [.. Enumerable.Range(0, 60).Select(row => Multiply(set, matrix, input[(row * inputs)..], 1, outputs))];
            for (int rows = 1; rows <= 60; rows++)
            {
                float[] together = Multiply(set, matrix, input, rows, outputs);
                for (int row = 0; row < rows; row++)
                    Assert.True(Bits(alone[row]).SequenceEqual(Bits(together.AsSpan(row * outputs, outputs))), $"{outputs}×{inputs}, row {row} of {rows}");
            }
        }
    }

    [Fact]
    public void A_packed_matrix_gives_its_rows_back()
    {
        float[] weights = KernelTests.Values(19 * 5, 5);
        using PackedMatrix matrix = Pack(weights, 19, 5);
        var row = new float[5];
        for (int n = 0; n < 19; n++)
        {
            matrix.CopyRow(n, row);
            Assert.Equal(weights[(n * 5)..(n * 5 + 5)], row);
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.CopyRow(19, row));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.SetRow(0, new float[4]));
    }

    private static PackedMatrix Pack(float[] weights, int outputs, int inputs)
    {
        var matrix = new PackedMatrix(outputs, inputs);
        for (int n = 0; n < outputs; n++)
            matrix.SetRow(n, weights.AsSpan(n * inputs, inputs));
        return matrix;
    }

    private static float[] Multiply(InstructionSet set, PackedMatrix matrix, float[] input, int rows, int stride)
    {
        var output = new float[rows * stride];
        Array.Fill(output, -77);
        fixed (float* a = input, c = output)
        {
            for (int chunk = 0; chunk < Linear.Chunks(matrix, rows); chunk++)
                Linear.Run(set, matrix, a, matrix.Inputs, rows, c, stride, chunk);
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
