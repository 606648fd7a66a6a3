using System.Globalization;

namespace Astraea.Bench.Cluster;

/// <summary>What a measurement is told: <c>--name value</c> pairs.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Path of the silo's dll, built with the Orleans switch.</summary>
    public string Silo => Path.GetFullPath(_values.GetValueOrDefault("silo", Path.Combine("silo", "bin", "Release", "net10.0", "astraea-silo.dll")));

    /// <summary>Reads the pairs.</summary>
    public static Arguments Read(string[] args)
    {
        Arguments read = new();
        for (int i = 0; i + 1 < args.Length; i += 2)
            read._values[args[i].TrimStart('-')] = args[i + 1];
        return read;
    }

    /// <summary>A number by name.</summary>
    public int Number(string name, int otherwise) => _values.TryGetValue(name, out string? text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>A fraction by name.</summary>
    public double Fraction(string name, double otherwise) =>
        _values.TryGetValue(name, out string? text) ? double.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>Says what there is.</summary>
    public static int Usage()
    {
        Console.Error.WriteLine(
            """
            astraea-bench-cluster scheduler [--ready 20000] [--workers 8] [--slots 256] [--seconds 10]
            astraea-bench-cluster live      [--requests 10000] [--workers 8] [--slots 256] [--reports 4]
            astraea-bench-cluster segment   [--rounds 5] [--calls 60] [--tokens 32]
            astraea-bench-cluster skew      [--rounds 3] [--agents 16] [--loops 8] [--context 3000] [--output 60] [--pause 1.2]
            All take --silo PATH of the silo's dll built with Orleans (default silo/bin/Release/net10.0/astraea-silo.dll).
            """);
        return 2;
    }
}

/// <summary>Figures as they are printed.</summary>
internal static class Figures
{
    /// <summary>A quantile of some values, by nearest rank.</summary>
    public static double Quantile(IReadOnlyList<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    /// <summary>Prints one line, the same everywhere.</summary>
    public static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
