using System.Globalization;
using System.Numerics;
using System.Text;
using Astraea.Contracts.Text;

namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>Prints values as Python does, because chat templates were written against Python.</summary>
internal static class PythonText
{
    public const int DepthMax = 100;


    /// <summary>What Python's <c>str.strip</c> takes away.</summary>
    public static char[] Whitespace { get; } = [.. "\t\n\v\f\r\u001c\u001d\u001e\u001f \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"];

    /// <summary><c>str(value)</c>.</summary>
    public static string Str(object? value) => value switch
    {
        string text => text,
        Undefined => "",
        _ => Repr(value),
    };

    /// <summary><c>repr(value)</c>.</summary>
    public static string Repr(object? value)
    {
        var output = new StringBuilder();
        Repr(value, output, 0);
        return output.ToString();
    }

    /// <summary><c>json.dumps(value, ensure_ascii=False)</c>: spaces behind separators, and nothing escaped for HTML.</summary>
    public static string Json(object? value) => Json(value, JsonStyle.Plain);

    /// <summary><c>json.dumps</c> with arguments.</summary>
    public static string Json(object? value, JsonStyle style)
    {
        var output = new StringBuilder();
        PythonJson.Write(value, output, style, 0);
        return output.ToString();
    }

    /// <summary>Length in code points.</summary>
    public static int Length(string text)
    {
        int pairs = 0;
        for (int i = 0; i + 1 < text.Length; i++)
            pairs += char.IsSurrogatePair(text[i], text[i + 1]) ? 1 : 0;
        return text.Length - pairs;
    }

    /// <summary>The code points of a text, each as a string.</summary>
    public static List<string> Characters(string text)
    {
        var characters = new List<string>(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool pair = char.IsSurrogatePair(text, i);
            characters.Add(pair ? text.Substring(i, 2) : text[i].ToString());
            i += pair ? 1 : 0;
        }
        return characters;
    }

    private static void Repr(object? value, StringBuilder output, int depth)
    {
        if (depth > DepthMax)
            throw new TextException("Chat template: a value is nested too deeply to be printed.");
        switch (value)
        {
            case null:
                output.Append("None");
                break;
            case bool flag:
                output.Append(flag ? "True" : "False");
                break;
            case string text:
                Quote(text, output);
                break;
            case double number:
                output.Append(Number(number, "inf", "nan"));
                break;
            case long or BigInteger:
                output.Append(CultureInfo.InvariantCulture, $"{value}");
                break;
            case List<object?> list:
                output.Append('[');
                Join(list, output, item => Repr(item, output, depth + 1));
                output.Append(']');
                break;
            case OrderedDictionary<string, object?> members:
                output.Append('{');
                Join(members, output, member =>
                {
                    Quote(member.Key, output);
                    output.Append(": ");
                    Repr(member.Value, output, depth + 1);
                });
                output.Append('}');
                break;
            case Undefined:
                output.Append("Undefined");
                break;
            default:
                output.Append('<').Append(TemplateValues.KindOf(value)).Append('>');
                break;
        }
    }

    /// <summary>Writes a JSON string, non-ASCII characters as they are.</summary>
    public static void JsonString(string text, StringBuilder output) => PythonJson.WriteText(text, output, asciiOnly: false);

    private static void Join<T>(IEnumerable<T> items, StringBuilder output, Action<T> write)
    {
        bool first = true;
        foreach (T item in items)
        {
            output.Append(first ? "" : ", ");
            first = false;
            write(item);
        }
    }

    private static void Quote(string text, StringBuilder output)
    {
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        output.Append(quote);
        foreach (char c in text)
        {
            _ = c switch
            {
                '\\' => output.Append("\\\\"),
                '\n' => output.Append("\\n"),
                '\r' => output.Append("\\r"),
                '\t' => output.Append("\\t"),
                < ' ' or (>= '\u007f' and <= '\u00a0') or '\u00ad' => output.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ when c == quote => output.Append('\\').Append(c),
                _ => output.Append(c),
            };
        }
        output.Append(quote);
    }

    /// <summary>Shortest digits that read back the same, with an exponent below 1e-4 and from 1e16 on.</summary>
    public static string Number(double value, string infinity, string notANumber)
    {
        if (double.IsNaN(value))
            return notANumber;
        if (double.IsInfinity(value))
            return value > 0 ? infinity : "-" + infinity;
        string shortest = value.ToString("E16", CultureInfo.InvariantCulture);
        string round = value.ToString("R", CultureInfo.InvariantCulture);
        string sign = round.StartsWith('-') ? "-" : "";
        string mantissa = round.TrimStart('-');
        int exponentMark = mantissa.IndexOf('E', StringComparison.Ordinal);
        if (exponentMark >= 0)
            mantissa = mantissa[..exponentMark];
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal).TrimStart('0').TrimEnd('0');
        if (digits.Length == 0)
            return sign + "0.0";
        int exponent = int.Parse(shortest.AsSpan(shortest.IndexOf('E', StringComparison.Ordinal) + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (exponent is < -4 or >= 16)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }
        if (exponent < 0)
            return sign + "0." + new string('0', -exponent - 1) + digits;
        return digits.Length <= exponent + 1
            ? sign + digits.PadRight(exponent + 1, '0') + ".0"
            : sign + digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }
}
