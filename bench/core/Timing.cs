using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Astraea.Bench.Core;

/// <summary>Times of one action, measured one by one: BenchmarkDotNet shows means, a goal may speak of a percentile.</summary>
internal static partial class Timing
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
        var busy = new double[rounds];
        long bytes = 0;
        int collections = GC.CollectionCount(0);
        for (int i = 0; i < rounds; i++)
        {
            prepare?.Invoke();
            long before = GC.GetAllocatedBytesForCurrentThread();
            double cpu = ThreadMicroseconds();
            long from = Stopwatch.GetTimestamp();
            act();
            times[i] = Stopwatch.GetElapsedTime(from).TotalMicroseconds;
            busy[i] = ThreadMicroseconds() - cpu;
            bytes += GC.GetAllocatedBytesForCurrentThread() - before;
        }
        collections = GC.CollectionCount(0) - collections;
        Array.Sort(times);
        Array.Sort(busy);
        Console.WriteLine(
            $"{what}: wall p50 {times[rounds / 2]:0.0} us, p99 {times[rounds * 99 / 100]:0.0} us; of its thread p50 {busy[rounds / 2]:0.0} us, "
            + $"p99 {busy[rounds * 99 / 100]:0.0} us, mean {busy.Average():0.0} us; {bytes / rounds} B each, {rounds} rounds, {collections} collections");
    }

    /// <summary>Processor time of this thread, so that a machine shared with others does not count against what is measured.</summary>
    private static double ThreadMicroseconds()
    {
        const int threadCpuTime = 3;
        _ = ClockGetTime(threadCpuTime, out Moment moment);
        return moment.Seconds * 1e6 + moment.Nanoseconds * 1e-3;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out Moment moment);

    private struct Moment
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
