using Astraea.Worker.Kernels;
using BenchmarkDotNet.Attributes;

namespace Astraea.Bench.Engine.Kernels;

/// <summary>The kernels that take one row: norm, gate, rotation.</summary>
[MemoryDiagnoser]
public class RowBenchmarks
{
    private readonly float[] _row = Values(4864), _other = Values(4864), _output = new float[4864];
    private readonly float[] _head = Values(64), _cosines = Values(32), _sines = Values(32);

    /// <summary>Which twin.</summary>
    [Params(InstructionSet.Scalar, InstructionSet.Vector256)]
    public InstructionSet Set { get; set; }

    /// <summary>896 wide.</summary>
    [Benchmark]
    public void Norm() => RmsNorm.Run(Set, _row.AsSpan(0, 896), _other.AsSpan(0, 896), 1e-6f, _output.AsSpan(0, 896));

    /// <summary>4,864 wide.</summary>
    [Benchmark]
    public void Gate() => SwiGlu.Run(Set, _row, _other, _output);

    /// <summary>One head of 64.</summary>
    [Benchmark]
    public void Rotate() => RotaryEmbedding.Run(Set, _head, _cosines, _sines);

    private static float[] Values(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.NextDouble() - 0.5f)];
    }
}
