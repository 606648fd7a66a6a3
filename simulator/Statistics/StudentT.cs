namespace Astraea.Simulator.Statistics;

/// <summary>Student's t distribution: the quantiles that 95 % intervals need.</summary>
internal static class StudentT
{
    private static readonly double[] _twoSided95 =
        [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860];

    /// <summary>The value that ±t leaves 5 % outside of.</summary>
    /// <param name="freedom">Degrees of freedom, at least 1.</param>
    /// <remarks>Beyond the table the expansion of Cornish and Fisher (1937), right to four digits there.</remarks>
    public static double TwoSided95(int freedom)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(freedom, 1);
        if (freedom <= _twoSided95.Length)
            return _twoSided95[freedom - 1];
        const double z = 1.959964;
        double n = freedom, z3 = z * z * z, z5 = z3 * z * z;
        return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n);
    }
}
