using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Astraea.Worker.Kernels;

namespace Astraea.Bench.Engine;

/// <summary>Reads a large array with all threads: what memory gives in this minute on this machine.</summary>
internal sealed unsafe class MemoryBandwidth : IDisposable, IChunkedWork
{
    private const long Bytes = 512L << 20;
    private const int Chunks = 128;

    private readonly AlignedMemory _memory = new(Bytes);
    private readonly ThreadTeam _team;
    private readonly long[] _sums = new long[Chunks];

    /// <summary>Makes the array and touches it.</summary>
    public MemoryBandwidth(int threads)
    {
        _team = new ThreadTeam(threads);
        for (long i = 0; i < Bytes; i += 4096)
            _memory.Start[i] = 1;
    }

    /// <summary>The best of a few passes (GB/s).</summary>
    public double Measure()
    {
        double best = 0;
        for (int pass = 0; pass < 4; pass++)
        {
            long start = Stopwatch.GetTimestamp();
            _team.Run(this, Chunks);
            best = Math.Max(best, Bytes / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
        }
        return best;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int chunk, int worker)
    {
        byte* p = _memory.Start + chunk * (Bytes / Chunks);
        Vector256<long> a = default, b = default, c = default, d = default;
        for (byte* end = p + Bytes / Chunks; p < end; p += 128)
        {
            a += Vector256.Load((long*)p);
            b += Vector256.Load((long*)(p + 32));
            c += Vector256.Load((long*)(p + 64));
            d += Vector256.Load((long*)(p + 96));
        }
        _sums[chunk] = Vector256.Sum(a + b + c + d);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _team.Dispose();
        _memory.Dispose();
    }
}
