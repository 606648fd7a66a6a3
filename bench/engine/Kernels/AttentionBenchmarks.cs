using Astraea.Worker.Engine;
using Astraea.Worker.Kernels;
using Astraea.Worker.Memory;
using BenchmarkDotNet.Attributes;

namespace Astraea.Bench.Engine.Kernels;

/// <summary>Attention of one KV head of width 64 and its seven query heads over 1,024 tokens.</summary>
[MemoryDiagnoser]
public sealed unsafe class AttentionBenchmarks : IDisposable
{
    private const int HeadDim = 64, Group = 7, Tokens = 1024;

    private PagedKv _kv = null!;
    private AlignedMemory _query = null!, _output = null!, _scratch = null!;
    private int[] _blocks = [];

    /// <summary>How keys and values are kept.</summary>
    [Params(KvFormat.F32, KvFormat.Bf16)]
    public KvFormat Format { get; set; }

    /// <summary>Rows: 1 is decode, 3 a piece of prefill.</summary>
    [Params(1, 3)]
    public int Rows { get; set; }

    /// <summary>Makes keys, values and queries.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        var random = new Random(2);
        _kv = new PagedKv(new ModelShape(8, 1, 8, Group, 1, HeadDim, 8, Tokens), Tokens / PagedKv.TokensPerBlock, Format);
        _blocks = [.. Enumerable.Range(0, _kv.Blocks)];
        var values = new float[HeadDim];
        for (int t = 0; t < Tokens; t++)
        {
            for (int i = 0; i < HeadDim; i++)
                values[i] = (float)random.NextDouble() - 0.5f;
            _kv.View(0, 0).Write(t / PagedKv.TokensPerBlock, t % PagedKv.TokensPerBlock, values, values);
        }
        _query = AlignedMemory.ForFloats(Rows * Group * HeadDim);
        for (int i = 0; i < Rows * Group * HeadDim; i++)
            _query.Floats[i] = (float)random.NextDouble() - 0.5f;
        _output = AlignedMemory.ForFloats(Rows * Group * HeadDim);
        _scratch = AlignedMemory.ForFloats(PagedAttention.ScratchFloats(HeadDim, Group));
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _kv.Dispose();
        _query.Dispose();
        _output.Dispose();
        _scratch.Dispose();
    }

    /// <summary>Attends.</summary>
    [Benchmark]
    public void Vector()
    {
        fixed (int* blocks = _blocks)
        {
            PagedAttention.Run(InstructionSet.Vector256, new AttentionRows
            {
                Kv = _kv.View(0, 0),
                Blocks = blocks,
                Position = Tokens - Rows,
                Count = Rows,
                Query = _query.Floats,
                QueryStride = Group * HeadDim,
                Output = _output.Floats,
                OutputStride = Group * HeadDim,
                Group = Group,
                Scale = 0.125f,
            }, _scratch.Floats);
        }
    }
}
