using Astraea.Core.Determinism;

namespace Astraea.Core.Workloads;

/// <summary>Random order by seed.</summary>
internal static class RandomOrder
{
    /// <summary>Puts the items in a random order, every order equally likely (Fisher and Yates).</summary>
    public static void Shuffle<T>(Span<T> items, SeededGenerator draws)
    {
        for (int last = items.Length - 1; last > 0; last--)
        {
            int other = draws.NextInt(last + 1);
            (items[last], items[other]) = (items[other], items[last]);
        }
    }
}
