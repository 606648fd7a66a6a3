using System.Globalization;

namespace Astraea.Bench.Engine;

/// <summary>Measurements by who and what; printed as medians with the range of the rounds.</summary>
internal sealed class Results
{
    private readonly Dictionary<(string Who, string What), List<double>> _values = [];
    private readonly List<string> _who = [], _what = [];

    /// <summary>Notes a value.</summary>
    /// <returns>The value.</returns>
    public double Add(string who, string what, double value)
    {
        if (!_values.TryGetValue((who, what), out List<double>? list))
            _values.Add((who, what), list = []);
        if (!_who.Contains(who))
            _who.Add(who);
        if (!_what.Contains(what))
            _what.Add(what);
        list.Add(value);
        return value;
    }

    /// <summary>Prints a table in Markdown.</summary>
    public void Print()
    {
        Console.WriteLine($"| | {string.Join(" | ", _what)} |");
        Console.WriteLine($"|---|{string.Concat(_what.Select(_ => "---|"))}");
        foreach (string who in _who)
            Console.WriteLine($"| {who} | {string.Join(" | ", _what.Select(what => Cell(who, what)))} |");
    }

    private string Cell(string who, string what)
    {
        if (!_values.TryGetValue((who, what), out List<double>? list))
            return "";
        double[] sorted = [.. list.Order()];
        double median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        return string.Create(CultureInfo.InvariantCulture, $"{Digits(median)} ({Digits(sorted[0])}–{Digits(sorted[^1])})");
    }

    private static string Digits(double value) => value.ToString(value < 10 ? "F2" : value < 100 ? "F1" : "F0", CultureInfo.InvariantCulture);
}
