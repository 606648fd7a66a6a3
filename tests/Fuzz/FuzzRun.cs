using System.Diagnostics;

namespace Astraea.Fuzz;

/// <summary>What a run found.</summary>
/// <param name="Inputs">Inputs tried.</param>
/// <param name="Accepted">Of these, accepted.</param>
/// <param name="Refused">Of these, refused in the agreed way, by place.</param>
/// <param name="SlowestSeconds">Longest time one input took (s).</param>
/// <param name="PeakAllocatedBytes">Most one input allocated (By).</param>
/// <param name="Problems">What went wrong, each with the number that makes the input again.</param>
internal sealed record FuzzReport(int Inputs, int Accepted, int Refused, double SlowestSeconds, long PeakAllocatedBytes, IReadOnlyList<string> Problems);

/// <summary>Tries damaged inputs on a reader. Input i of a seed is the same on every machine.</summary>
internal static class FuzzRun
{
    /// <summary>More than this for one input counts as unbounded (By).</summary>
    private const long AllocatedMax = 1L << 30;

    private const int ProblemsMax = 10;

    /// <summary>Tries inputs.</summary>
    /// <param name="target">The reader.</param>
    /// <param name="seed">Makes the inputs.</param>
    /// <param name="from">Number of the first.</param>
    /// <param name="count">How many.</param>
    /// <param name="starting">Told the number of each input before it is tried: a crash or hang is then known by its number.</param>
    public static FuzzReport Run(Target target, int seed, int from, int count, Action<int>? starting = null)
    {
        int accepted = 0, refused = 0;
        double slowest = 0;
        long peak = 0;
        List<string> problems = [];
        for (int i = from; i < from + count && problems.Count < ProblemsMax; i++)
        {
            starting?.Invoke(i);
            byte[] input = Input(target, seed, i);
            long before = GC.GetAllocatedBytesForCurrentThread(), began = Stopwatch.GetTimestamp();
            try
            {
                if (target.Take(input))
                    accepted++;
                else
                    refused++;
            }
            catch (Exception e)
            {
                problems.Add($"{target.Name} seed {seed} input {i}: {e.GetType().Name}: {e.Message}\n{e.StackTrace}");
            }
            slowest = Math.Max(slowest, Stopwatch.GetElapsedTime(began).TotalSeconds);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            peak = Math.Max(peak, allocated);
            if (allocated > AllocatedMax)
                problems.Add($"{target.Name} seed {seed} input {i}: {allocated} bytes were allocated");
        }
        return new FuzzReport(accepted + refused + problems.Count, accepted, refused, slowest, peak, problems);
    }

    /// <summary>The input of a number.</summary>
    public static byte[] Input(Target target, int seed, int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) + number));
        return Mutations.Of(target.Seeds[random.Next(target.Seeds.Count)], target.Seeds[random.Next(target.Seeds.Count)], random);
    }
}
