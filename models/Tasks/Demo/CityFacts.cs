namespace Astraea.Models.Tasks.Demo;

/// <summary>Facts of some cities: country, people in the city proper (thousands, rounded), currency.</summary>
internal static class CityFacts
{
    public static IReadOnlyDictionary<string, (string Country, int Population, string Currency)> Known { get; } =
        new Dictionary<string, (string, int, string)>(StringComparer.OrdinalIgnoreCase)
        {
            ["Lisbon"] = ("Portugal", 550, "euro"),
            ["Oslo"] = ("Norway", 710, "krone"),
            ["Madrid"] = ("Spain", 3300, "euro"),
            ["Rome"] = ("Italy", 2750, "euro"),
            ["Vienna"] = ("Austria", 2000, "euro"),
            ["Prague"] = ("Czechia", 1350, "koruna"),
            ["Warsaw"] = ("Poland", 1860, "zloty"),
            ["Helsinki"] = ("Finland", 670, "euro"),
            ["Stockholm"] = ("Sweden", 980, "krona"),
            ["London"] = ("the United Kingdom", 8900, "pound"),
            ["Paris"] = ("France", 2100, "euro"),
            ["Berlin"] = ("Germany", 3700, "euro"),
            ["Zurich"] = ("Switzerland", 430, "franc"),
            ["Istanbul"] = ("Turkey", 15700, "lira"),
            ["Cairo"] = ("Egypt", 10000, "pound"),
            ["Nairobi"] = ("Kenya", 4400, "shilling"),
            ["Tokyo"] = ("Japan", 14000, "yen"),
            ["Seoul"] = ("South Korea", 9400, "won"),
            ["Sydney"] = ("Australia", 5300, "dollar"),
            ["Toronto"] = ("Canada", 2800, "dollar"),
            ["Chicago"] = ("the United States", 2700, "dollar"),
            ["San Francisco"] = ("the United States", 810, "dollar"),
            ["New York"] = ("the United States", 8300, "dollar"),
            ["Lima"] = ("Peru", 10000, "sol"),
        };
}
