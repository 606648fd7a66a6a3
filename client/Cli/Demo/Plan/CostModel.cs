namespace Astraea.Cli.Demo.Plan;

/// <summary>One segment run alone: what it needed and how long the caller waited.</summary>
/// <param name="PrefillTokens">Input whose KV was not there (tokens).</param>
/// <param name="DecodeTokens">Sampled output (tokens).</param>
/// <param name="Seconds">From call to answer (s).</param>
internal sealed record CostSample(int PrefillTokens, int DecodeTokens, double Seconds);

/// <summary>What a segment takes on an idle worker with its KV kept: linear in both token counts.</summary>
/// <param name="CallSeconds">For every call: HTTP, durability, scheduling (s).</param>
/// <param name="PrefillSeconds">For each input token that must be computed (s).</param>
/// <param name="DecodeSeconds">For each output token (s).</param>
internal sealed record CostModel(double CallSeconds, double PrefillSeconds, double DecodeSeconds)
{
    /// <summary>Predicted time of one segment alone (s).</summary>
    public double SecondsOf(int prefillTokens, int decodeTokens) => CallSeconds + PrefillSeconds * prefillTokens + DecodeSeconds * decodeTokens;

    /// <summary>Least squares of relative errors with coefficients that are not negative.</summary>
    /// <remarks>Three coefficients have eight sets of signs: each subset is solved freely, and the best one without a negative is the constrained optimum.</remarks>
    /// <exception cref="ArgumentException">Fewer than three samples, or one without a duration.</exception>
    public static CostModel Fit(IReadOnlyCollection<CostSample> samples)
    {
        if (samples.Count < 3 || samples.Any(static s => s.Seconds <= 0))
            throw new ArgumentException("A cost model needs at least three samples with a duration.", nameof(samples));
        double[][] rows = [.. samples.Select(static s => new[] { 1 / s.Seconds, s.PrefillTokens / s.Seconds, s.DecodeTokens / s.Seconds })];
        double[]? best = null;
        double least = double.PositiveInfinity;
        for (int subset = 1; subset < 8; subset++)
        {
            int[] used = [.. Enumerable.Range(0, 3).Where(i => (subset >> i & 1) == 1)];
            if (Solve(rows, used) is not { } solved || solved.Any(static c => c < 0))
                continue;
            double error = rows.Sum(row => Square(row[0] * solved[0] + row[1] * solved[1] + row[2] * solved[2] - 1));
            // A larger subset that is no better explains nothing more.
            if (error < least * (1 - 1e-12))
                (best, least) = (solved, error);
        }
        return best is null ? throw new ArgumentException("The samples do not determine a cost model.", nameof(samples)) : new CostModel(best[0], best[1], best[2]);
    }

    /// <summary>Mean of |predicted − measured| / measured over samples.</summary>
    public double MeanRelativeError(IReadOnlyCollection<CostSample> samples) =>
        samples.Average(s => Math.Abs(SecondsOf(s.PrefillTokens, s.DecodeTokens) - s.Seconds) / s.Seconds);

    /// <summary>Normal equations of the used columns for the right side 1, by Gauss with pivoting; null when they are dependent.</summary>
    private static double[]? Solve(double[][] rows, int[] used)
    {
        int n = used.Length;
        double[,] m = new double[n, n + 1];
        foreach (double[] row in rows)
        {
            for (int i = 0; i < n; i++)
            {
                for (int j = 0; j < n; j++)
                    m[i, j] += row[used[i]] * row[used[j]];
                m[i, n] += row[used[i]];
            }
        }
        for (int column = 0; column < n; column++)
        {
            int pivot = Enumerable.Range(column, n - column).MaxBy(i => Math.Abs(m[i, column]));
            if (Math.Abs(m[pivot, column]) < 1e-12)
                return null;
            for (int j = 0; j <= n; j++)
                (m[column, j], m[pivot, j]) = (m[pivot, j], m[column, j]);
            for (int i = 0; i < n; i++)
            {
                double factor = i == column ? 0 : m[i, column] / m[column, column];
                for (int j = column; j <= n; j++)
                    m[i, j] -= factor * m[column, j];
            }
        }
        double[] solved = new double[3];
        for (int i = 0; i < n; i++)
            solved[used[i]] = m[i, n] / m[i, i];
        return solved;
    }

    private static double Square(double x) => x * x;
}
