namespace Astraea.Core.Workloads;

/// <summary>Splits a number of requests over categories in proportion to weights.</summary>
internal static class CategoryQuotas
{
    /// <summary>Largest remainders; when there are enough requests, every category with a weight gets at least one.</summary>
    /// <returns>One quota for each weight; their sum is <paramref name="count"/>.</returns>
    public static int[] Split(int count, ReadOnlySpan<int> weights)
    {
        long total = 0;
        int present = 0;
        foreach (int weight in weights)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(weight);
            total += weight;
            present += weight > 0 ? 1 : 0;
        }
        ArgumentOutOfRangeException.ThrowIfZero(total);
        int[] quotas = new int[weights.Length];
        // One for each first, so that a rare kind of agent is not rounded away; the rest by share.
        int rest = count >= present ? count - present : count;
        var remainders = new (long Remainder, int Category)[weights.Length];
        int given = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            long share = (long)rest * weights[i];
            quotas[i] = (int)(share / total) + (count >= present && weights[i] > 0 ? 1 : 0);
            remainders[i] = (share % total, i);
            given += quotas[i];
        }
        Array.Sort(remainders, static (a, b) => a.Remainder != b.Remainder ? b.Remainder.CompareTo(a.Remainder) : a.Category.CompareTo(b.Category));
        for (int i = 0; given < count; i++, given++)
            quotas[remainders[i].Category]++;
        return quotas;
    }
}
