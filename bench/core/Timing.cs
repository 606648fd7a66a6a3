using System.Diagnostics;

namespace Astraea.Bench.Core;

/// <summary>Times of one action, measured one by one: BenchmarkDotNet shows means, a goal may speak of a percentile.</summary>
internal static class Timing
{
    /// <summary>Runs the action so often, untimed preparation before each, and prints p50, p99, the worst, and bytes allocated for each.</summary>
    public static void Print(string what, int warm, int rounds, Action act, Action? prepare = null)
    {
        for (int i = 0; i < warm; i++)
        {
            prepare?.Invoke();
            act();
        }
        var times = new double[rounds];
        long bytes = 0;
        int collections = GC.CollectionCount(0);
        for (int i = 0; i < rounds; i++)
        {
            prepare?.Invoke();
            long before = GC.GetAllocatedBytesForCurrentThread();
            long from = Stopwatch.GetTimestamp();
            act();
            times[i] = Stopwatch.GetElapsedTime(from).TotalMicroseconds;
            bytes += GC.GetAllocatedBytesForCurrentThread() - before;
        }
        collections = GC.CollectionCount(0) - collections;
        Array.Sort(times);
        Console.WriteLine(
            $"{what}: p50 {times[rounds / 2]:0.0} us, p99 {times[rounds * 99 / 100]:0.0} us, worst {times[^1]:0.0} us, mean {times.Average():0.0} us, "
            + $"{bytes / rounds} B each, {rounds} rounds, {collections} collections");
    }
}
