using System.Globalization;
using System.Numerics;
using System.Text;
using Astraea.Contracts.Text;

namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>How JSON is laid out: the arguments of <c>json.dumps</c>.</summary>
/// <param name="Indent">Blanks for each level, or null for one line.</param>
/// <param name="Between">Between items.</param>
/// <param name="BehindKey">Between a name and its value.</param>
/// <param name="AsciiOnly">Whether other characters are escaped.</param>
/// <param name="SortKeys">Whether members come in the order of their names.</param>
internal sealed record JsonStyle(int? Indent, string Between, string BehindKey, bool AsciiOnly, bool SortKeys)
{
    public static JsonStyle Plain { get; } = new(null, ", ", ": ", false, false);
}

/// <summary>Writes values as JSON, as Python lays it out.</summary>
internal static class PythonJson
{
    public static void Write(object? value, StringBuilder output, JsonStyle style, int depth)
    {
        if (depth > PythonText.DepthMax)
            throw new TextException("Chat template: a value is nested too deeply to be printed.");
        switch (value)
        {
            case null:
                output.Append("null");
                break;
            case bool flag:
                output.Append(flag ? "true" : "false");
                break;
            case string text:
                WriteText(text, output, style.AsciiOnly);
                break;
            case double number:
                output.Append(PythonText.Number(number, "Infinity", "NaN"));
                break;
            case long or BigInteger:
                output.Append(CultureInfo.InvariantCulture, $"{value}");
                break;
            case List<object?> list:
                Block('[', ']', list, item => Write(item, output, style, depth + 1));
                break;
            case OrderedDictionary<string, object?> members:
                IEnumerable<KeyValuePair<string, object?>> entries = style.SortKeys ? members.OrderBy(entry => entry.Key, StringComparer.Ordinal) : members;
                Block('{', '}', [.. entries], member =>
                {
                    WriteText(member.Key, output, style.AsciiOnly);
                    output.Append(style.BehindKey);
                    Write(member.Value, output, style, depth + 1);
                });
                break;
            default:
                throw new TextException($"Chat template: {TemplateValues.KindOf(value)} cannot be written as JSON.");
        }

        void Block<T>(char open, char close, List<T> items, Action<T> write)
        {
            output.Append(open);
            for (int i = 0; i < items.Count; i++)
            {
                output.Append(i == 0 ? "" : style.Between);
                NewLine(depth + 1);
                write(items[i]);
            }
            if (items.Count > 0)
                NewLine(depth);
            output.Append(close);
        }

        void NewLine(int level)
        {
            if (style.Indent is { } width)
                output.Append('\n').Append(' ', width * level);
        }
    }

    public static void WriteText(string text, StringBuilder output, bool asciiOnly)
    {
        output.Append('"');
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' => output.Append("\\\""),
                '\\' => output.Append("\\\\"),
                '\n' => output.Append("\\n"),
                '\r' => output.Append("\\r"),
                '\t' => output.Append("\\t"),
                '\b' => output.Append("\\b"),
                '\f' => output.Append("\\f"),
                < ' ' => output.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                > '\u007e' when asciiOnly && c != '\u007f' => output.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => output.Append(c),
            };
        }
        output.Append('"');
    }
}
