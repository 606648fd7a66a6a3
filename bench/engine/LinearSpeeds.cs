using System.Diagnostics;
using Astraea.Bench.Engine.Kernels;
using Astraea.Worker.Kernels.Matrices;

namespace Astraea.Bench.Engine;

/// <summary>Best of many short runs of a linear layer on one thread: what the kernel can do, even while the machine is busy with other things.</summary>
internal static class LinearSpeeds
{
    /// <summary>Prints multiply-adds a second for each format and number of rows.</summary>
    public static int Run(Arguments arguments)
    {
        int[] rows = [1, 2, 4, 6, 8, 16, 48];
        int repetitions = arguments.Number("repetitions", 60);
        var results = new Results();
        foreach (WeightFormat format in arguments.Formats)
        {
            foreach (int count in rows)
            {
                using var layer = new LinearBenchmarks { Format = format, Rows = count };
                layer.SetUp();
                // Chunk by chunk: short enough to be left alone sometimes.
                var best = new double[layer.Chunks];
                Array.Fill(best, double.MaxValue);
                layer.Vector();
                for (int i = 0; i < repetitions * best.Length; i++)
                {
                    long start = Stopwatch.GetTimestamp();
                    layer.Chunk(i % best.Length);
                    best[i % best.Length] = Math.Min(best[i % best.Length], Stopwatch.GetElapsedTime(start).TotalSeconds);
                }
                results.Add(WeightFormats.Name(format), $"{count} rows, GMAC/s", LinearBenchmarks.MultiplyAdds * count / best.Sum() / 1e9);
            }
        }
        results.Print();
        return 0;
    }
}
