using Astraea.Worker.Kernels;
using Astraea.Worker.Kernels.Matrices;
using BenchmarkDotNet.Attributes;

namespace Astraea.Bench.Engine.Kernels;

/// <summary>A linear layer of 4864 × 896 on one thread, for one row and for many.</summary>
[MemoryDiagnoser]
public sealed unsafe class LinearBenchmarks : IDisposable
{
    private const int Outputs = 4864, Inputs = 896;

    /// <summary>Multiply-adds for one row.</summary>
    internal const long MultiplyAdds = (long)Outputs * Inputs;

    private PackedMatrix _matrix = null!;
    private AlignedMemory _input = null!, _packed = null!, _output = null!;
    private int _packedStride;

    /// <summary>How the weights are kept.</summary>
    [Params(WeightFormat.F32, WeightFormat.Bf16, WeightFormat.W8, WeightFormat.W8G128, WeightFormat.Q4)]
    public WeightFormat Format { get; set; }

    /// <summary>Rows.</summary>
    [Params(1, 8, 48)]
    public int Rows { get; set; }

    /// <summary>Makes weights and rows.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        var random = new Random(1);
        _matrix = PackedMatrix.Create(Format, Outputs, Inputs);
        var row = new float[Inputs];
        for (int n = 0; n < Outputs; n++)
        {
            for (int k = 0; k < Inputs; k++)
                row[k] = (float)random.NextDouble() - 0.5f;
            _matrix.SetRow(n, row);
        }
        _input = AlignedMemory.ForFloats((long)Rows * Inputs);
        for (int i = 0; i < Rows * Inputs; i++)
            _input.Floats[i] = (float)random.NextDouble() - 0.5f;
        _packedStride = (_matrix.PackedRowBytes + 63) / 64 * 64 + 64;
        _packed = new AlignedMemory((long)Rows * _packedStride);
        _output = AlignedMemory.ForFloats((long)Rows * Outputs);
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _matrix.Dispose();
        _input.Dispose();
        _packed.Dispose();
        _output.Dispose();
    }

    /// <summary>Packs the rows where the format does, and multiplies.</summary>
    [Benchmark]
    public void Vector()
    {
        Pack(InstructionSet.Vector256);
        Multiply(InstructionSet.Vector256, 0, Chunks);
    }

    /// <summary>Chunks of the layer.</summary>
    internal int Chunks => Linear.Chunks(_matrix, Rows);

    /// <summary>One chunk, over rows that <see cref="Vector"/> has packed.</summary>
    internal void Chunk(int chunk) => Multiply(InstructionSet.Vector256, chunk, chunk + 1);

    private void Pack(InstructionSet set)
    {
        for (int row = 0; _matrix.PackedRowBytes > 0 && row < Rows; row++)
            _matrix.PackRow(set, new ReadOnlySpan<float>(_input.Floats + row * Inputs, Inputs), _packed.Start + row * _packedStride);
    }

    private void Multiply(InstructionSet set, int first, int end)
    {
        bool packs = _matrix.PackedRowBytes > 0;
        byte* input = packs ? _packed.Start : _input.Start;
        for (int chunk = first; chunk < end; chunk++)
            Linear.Run(set, _matrix, input, packs ? _packedStride : Inputs * sizeof(float), Rows, _output.Floats, Outputs, chunk);
    }
}
