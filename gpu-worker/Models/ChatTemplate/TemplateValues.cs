using System.Numerics;
using System.Text.Json;

namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>A value that is not there; may be tested and printed, little else.</summary>
internal sealed record Undefined(string Name);

/// <summary>The mutable bag templates carry values out of loops with.</summary>
internal sealed class TemplateNamespace
{
    public Dictionary<string, object?> Members { get; } = new(StringComparer.Ordinal);
}

/// <summary>Something a template can call.</summary>
internal delegate object? TemplateFunction(CallArguments arguments);

/// <summary>Evaluated arguments of a call, filter or test.</summary>
internal sealed record CallArguments(string Callee, List<object?> Positional, Dictionary<string, object?> Named, int Line, Budget Budget)
{
    /// <summary>An argument by place or name.</summary>
    public object? Get(int place, string name, object? otherwise = null) =>
        place < Positional.Count ? Positional[place] : Named.GetValueOrDefault(name, otherwise);

    /// <summary>An argument that must be given.</summary>
    public object? Need(int place, string name) =>
        place < Positional.Count || Named.ContainsKey(name) ? Get(place, name) : throw Error($"{Callee} needs the argument '{name}'");

    public string Text(int place, string name) =>
        Need(place, name) as string ?? throw Error($"{Callee}: '{name}' must be a string");

    public long Integer(int place, string name, long otherwise) => Get(place, name, otherwise) switch
    {
        long value => value,
        bool value => value ? 1 : 0,
        _ => throw Error($"{Callee}: '{name}' must be an integer"),
    };

    public Contracts.Text.TextException Error(string reason) => TemplateErrors.At(Line, reason);
}

/// <summary>
/// Values of templates are null, bool, long, BigInteger, double, string, <c>List</c>, <c>OrderedDictionary</c> with string keys, and the types above.
/// </summary>
internal static class TemplateValues
{
    /// <summary>Converts a JSON value.</summary>
    public static object? FromJson(JsonElement json, Func<string, string> text)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                var members = new OrderedDictionary<string, object?>(StringComparer.Ordinal);
                foreach (JsonProperty member in json.EnumerateObject())
                    members[text(member.Name)] = FromJson(member.Value, text);
                return members;
            case JsonValueKind.Array:
                return json.EnumerateArray().Select(item => FromJson(item, text)).ToList();
            case JsonValueKind.String:
                return text(json.GetString()!);
            case JsonValueKind.Number:
                string raw = json.GetRawText();
                if (raw.AsSpan().IndexOfAny('.', 'e', 'E') >= 0)
                    return json.GetDouble();
                return Narrow(BigInteger.Parse(raw, System.Globalization.CultureInfo.InvariantCulture));
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            default:
                return null;
        }
    }

    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long integer => integer != 0,
        BigInteger integer => !integer.IsZero,
        double number => number != 0,
        string text => text.Length > 0,
        List<object?> list => list.Count > 0,
        OrderedDictionary<string, object?> members => members.Count > 0,
        _ => true,
    };

    public static bool AreEqual(object? left, object? right)
    {
        if (IsNumber(left) && IsNumber(right))
            return left is double || right is double ? AsDouble(left) == AsDouble(right) : AsInteger(left) == AsInteger(right);
        switch (left, right)
        {
            case (null, null) or (Undefined, Undefined):
                return true;
            case (string a, string b):
                return a == b;
            case (List<object?> a, List<object?> b):
                return a.Count == b.Count && a.Zip(b).All(pair => AreEqual(pair.First, pair.Second));
            case (OrderedDictionary<string, object?> a, OrderedDictionary<string, object?> b):
                return a.Count == b.Count && a.All(entry => b.TryGetValue(entry.Key, out object? other) && AreEqual(entry.Value, other));
            default:
                return ReferenceEquals(left, right);
        }
    }

    /// <summary>Whether arithmetic takes it; as in Python, a bool is the integer 0 or 1.</summary>
    public static bool IsNumber(object? value) => value is long or double or bool or BigInteger;

    public static double AsDouble(object? value) => value switch
    {
        long integer => integer,
        double number => number,
        BigInteger integer => (double)integer,
        bool flag => flag ? 1 : 0,
        _ => throw new ArgumentException("Not a number.", nameof(value)),
    };

    public static BigInteger AsInteger(object? value) => value switch
    {
        long integer => integer,
        BigInteger integer => integer,
        bool flag => flag ? 1 : 0,
        _ => throw new ArgumentException("Not an integer.", nameof(value)),
    };

    /// <summary>An integer as narrow as it fits.</summary>
    public static object Narrow(BigInteger value) => value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;

    /// <summary>What a loop walks over; null when it cannot be walked.</summary>
    public static List<object?>? Items(object? value) => value switch
    {
        List<object?> list => list,
        OrderedDictionary<string, object?> members => [.. members.Keys],
        string text => [.. PythonText.Characters(text)],
        Undefined => [],
        _ => null,
    };

    /// <summary>The kind of a value in words, for errors.</summary>
    public static string KindOf(object? value) => value switch
    {
        null => "none",
        Undefined undefined => $"undefined ({undefined.Name})",
        bool => "a boolean",
        long or BigInteger => "an integer",
        double => "a number",
        string => "a string",
        List<object?> => "a list",
        OrderedDictionary<string, object?> => "a mapping",
        TemplateNamespace => "a namespace",
        _ => "a function",
    };
}

/// <summary>Work and output one rendering may use.</summary>
internal sealed class Budget(long stepsMax, int charsMax)
{
    private long _steps;

    /// <summary>Characters one rendering may make (characters).</summary>
    public int CharsMax => charsMax;

    /// <summary>Counts work: steps taken, or characters and items made.</summary>
    public void Charge(long amount, int line)
    {
        _steps += amount;
        if (_steps > stepsMax || amount < 0)
            throw TemplateErrors.At(line, $"rendering took more than {stepsMax} steps");
    }
}
