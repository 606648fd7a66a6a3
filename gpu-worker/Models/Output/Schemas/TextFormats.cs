namespace Astraea.Worker.Models.Output.Schemas;

/// <summary>Formats of texts, each as a pattern of texts that have it; not of all of them.</summary>
internal static class TextFormats
{
    private const string Date = @"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])";
    private const string Time = @"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z";
    private const string Label = "[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?";
    private const string Byte = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";

    /// <summary>The pattern of a format.</summary>
    /// <exception cref="SchemaException">The format is not supported.</exception>
    public static string PatternOf(string format, string place) => format switch
    {
        // No month has fewer than 28 days: later ones are left out.
        "date" => $"^{Date}$",
        "time" => $"^{Time}$",
        "date-time" => $"^{Date}T{Time}$",
        "uuid" => "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        "ipv4" => $@"^{Byte}\.{Byte}\.{Byte}\.{Byte}$",
        "hostname" => $@"^{Label}(\.{Label}){{0,4}}$",
        "email" => $@"^[A-Za-z0-9_+-]{{1,32}}@{Label}(\.{Label}){{1,3}}$",
        _ => throw new SchemaException(place, "this format is not supported; date, time, date-time, uuid, ipv4, hostname and email are"),
    };
}
