using System.Globalization;
using System.Text;

namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>Today, as templates ask for it: <c>strftime_now(format)</c>.</summary>
internal static class StrfTime
{
    /// <summary>The function over a clock.</summary>
    public static TemplateFunction Over(Func<DateTimeOffset> now) => arguments => Write(arguments.Text(0, "format"), now(), arguments);

    private static string Write(string format, DateTimeOffset now, CallArguments arguments)
    {
        var output = new StringBuilder();
        for (int at = 0; at < format.Length; at++)
        {
            if (format[at] != '%')
            {
                output.Append(format[at]);
                continue;
            }
            // A dash leaves out leading zeros.
            bool bare = at + 1 < format.Length && format[at + 1] == '-';
            at += bare ? 2 : 1;
            string part = Part(at < format.Length ? format[at] : ' ', now, arguments);
            output.Append(bare ? part.TrimStart('0').PadLeft(1, '0') : part);
        }
        return output.ToString();
    }

    private static string Part(char letter, DateTimeOffset now, CallArguments arguments) => letter switch
    {
        'e' => now.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        '%' => "%",
        _ => now.ToString(NetFormat(letter) ?? throw arguments.Error($"strftime_now: '%{letter}' is not supported"), CultureInfo.InvariantCulture),
    };

    private static string? NetFormat(char letter) => letter switch
    {
        'Y' => "yyyy",
        'y' => "yy",
        'm' => "MM",
        'd' => "dd",
        'H' => "HH",
        'I' => "hh",
        'M' => "mm",
        'S' => "ss",
        'p' => "tt",
        'B' => "MMMM",
        'b' or 'h' => "MMM",
        'A' => "dddd",
        'a' => "ddd",
        'F' => "yyyy-MM-dd",
        'T' => "HH:mm:ss",
        _ => null,
    };
}
