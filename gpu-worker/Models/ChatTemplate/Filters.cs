using System.Globalization;
using System.Numerics;

namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>Filters: <c>value|name(arguments)</c>.</summary>
internal static class Filters
{
    public static object? Apply(object? value, CallArguments arguments)
    {
        switch (arguments.Callee)
        {
            case "tojson":
                return ToJson(value, arguments);
            case "trim":
                return arguments.Get(0, "chars") is string chars ? Str(value).Trim(chars.ToCharArray()) : Str(value).Trim(PythonText.Whitespace);
            case "length" or "count":
                return Length(value, arguments);
            case "default" or "d":
                bool absent = value is Undefined || (TemplateValues.IsTrue(arguments.Get(1, "boolean", false)) && !TemplateValues.IsTrue(value));
                return absent ? arguments.Get(0, "default_value", "") : value;
            case "join":
                return Join(value, Str(arguments.Get(0, "d", "")), arguments);
            case "upper":
                return Str(value).ToUpperInvariant();
            case "lower":
                return Str(value).ToLowerInvariant();
            case "title":
                return StringMethods.Title(Str(value));
            case "capitalize":
                return StringMethods.Capitalize(Str(value));
            case "replace":
                return StringMethods.Replace(Str(value), arguments);
            case "string":
                return Str(value);
            case "safe":
                return value;
            case "int":
                return ToInteger(value, arguments);
            case "float":
                return ToFloat(value, arguments);
            case "abs":
                return TemplateValues.IsNumber(value)
                    ? value is double number ? (object)Math.Abs(number) : TemplateValues.Narrow(BigInteger.Abs(TemplateValues.AsInteger(value)))
                    : throw Wrong(value, arguments);
            case "round":
                return Round(value, arguments);
            case "indent":
                return Indent(Str(value), arguments);
            case "items" or "dictsort":
                return Entries(value, arguments);
            case "attr":
                return Members.Attribute(value, arguments.Text(0, "name"), arguments.Line);
            default:
                return OfSequence(value, arguments);
        }
    }

    public static string Join(object? value, string separator, CallArguments arguments)
    {
        IEnumerable<object?> items = Items(value, arguments);
        if (arguments.Named.TryGetValue("attribute", out object? attribute))
            items = items.Select(item => Members.Index(item, attribute, arguments.Line));
        string joined = string.Join(separator, items.Select(PythonText.Str));
        arguments.Budget.Charge(joined.Length, arguments.Line);
        return joined;
    }

    private static object? OfSequence(object? value, CallArguments arguments)
    {
        switch (arguments.Callee)
        {
            case "first":
                return Items(value, arguments) is [var first, ..] ? first : new Undefined("first");
            case "last":
                return Items(value, arguments) is [.., var last] ? last : new Undefined("last");
            case "list":
                return (List<object?>)[.. Items(value, arguments)];
            case "reverse":
                List<object?> reversed = [.. Items(value, arguments)];
                reversed.Reverse();
                return value is string ? string.Concat(reversed) : reversed;
            case "unique":
                var unique = new List<object?>();
                foreach (object? item in Items(value, arguments))
                {
                    arguments.Budget.Charge(unique.Count, arguments.Line);
                    if (!unique.Exists(other => TemplateValues.AreEqual(other, item)))
                        unique.Add(item);
                }
                return unique;
            case "sort":
                return Sort(value, arguments);
            case "min" or "max":
                List<object?> sorted = Sort(value, arguments with { Positional = [] });
                return sorted.Count == 0 ? new Undefined(arguments.Callee) : arguments.Callee == "min" ? sorted[0] : sorted[^1];
            case "sum":
                return Items(value, arguments).Aggregate(
                    arguments.Get(1, "start", 0L), (sum, item) => Operators.Binary("+", sum, item, arguments.Line, arguments.Budget));
            case "map":
                return Map(value, arguments);
            case "select" or "reject":
                return Items(value, arguments).FindAll(item => Passes(item, arguments, 0) == (arguments.Callee == "select"));
            case "selectattr" or "rejectattr":
                return Items(value, arguments).FindAll(item =>
                    Passes(Members.Index(item, arguments.Text(0, "attribute"), arguments.Line), arguments, 1) == (arguments.Callee == "selectattr"));
            default:
                throw arguments.Error($"the filter '{arguments.Callee}' is not supported");
        }
    }

    /// <summary>As the library that made templates popular has it: arguments in another order than Jinja's, and nothing escaped for HTML.</summary>
    private static string ToJson(object? value, CallArguments arguments)
    {
        int? indent = arguments.Get(1, "indent") switch
        {
            null => null,
            long width and >= 0 and <= 16 => (int)width,
            _ => throw arguments.Error("tojson: 'indent' must be an integer from 0 to 16"),
        };
        var (item, key) = arguments.Get(2, "separators") switch
        {
            null => (indent is null ? ", " : ",", ": "),
            List<object?> and [string between, string behind] => (between, behind),
            _ => throw arguments.Error("tojson: 'separators' must be two strings"),
        };
        var style = new JsonStyle(indent, item, key, TemplateValues.IsTrue(arguments.Get(0, "ensure_ascii", false)), TemplateValues.IsTrue(arguments.Get(3, "sort_keys", false)));
        string json = PythonText.Json(value, style);
        arguments.Budget.Charge(json.Length, arguments.Line);
        return json;
    }

    private static object Round(object? value, CallArguments arguments)
    {
        if (!TemplateValues.IsNumber(value))
            throw Wrong(value, arguments);
        if (value is not double)
            return TemplateValues.Narrow(TemplateValues.AsInteger(value));
        long digits = arguments.Integer(0, "precision", 0);
        double number = TemplateValues.AsDouble(value);
        return arguments.Get(1, "method", "common") switch
        {
            "common" when digits is >= 0 and <= 15 => Math.Round(number, (int)digits, MidpointRounding.ToEven),
            "ceil" when digits == 0 => Math.Ceiling(number),
            "floor" when digits == 0 => Math.Floor(number),
            _ => throw arguments.Error("round: only 'common' with 0 to 15 digits, 'ceil' and 'floor' are supported"),
        };
    }

    private static long Length(object? value, CallArguments arguments) => value switch
    {
        string text => PythonText.Length(text),
        List<object?> list => list.Count,
        OrderedDictionary<string, object?> members => members.Count,
        Undefined => 0,
        _ => throw Wrong(value, arguments),
    };

    private static object ToInteger(object? value, CallArguments arguments) => value switch
    {
        double number when Math.Abs(number) < 1e18 => (long)number,
        long or bool or BigInteger => TemplateValues.Narrow(TemplateValues.AsInteger(value)),
        string text when long.TryParse(text.Trim(PythonText.Whitespace), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long parsed) => parsed,
        string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double parsed) && Math.Abs(parsed) < 1e18 => (long)parsed,
        _ => arguments.Get(0, "default", 0L)!,
    };

    private static object ToFloat(object? value, CallArguments arguments) => value switch
    {
        string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double parsed) => parsed,
        _ when TemplateValues.IsNumber(value) => TemplateValues.AsDouble(value),
        _ => arguments.Get(0, "default", 0.0)!,
    };

    private static string Indent(string text, CallArguments arguments)
    {
        string blanks = arguments.Get(0, "width", 4L) switch
        {
            string given => given,
            long and >= 0 and <= 1000 and var width => new string(' ', (int)width),
            _ => throw arguments.Error("indent: 'width' must be a string or an integer from 0 to 1000"),
        };
        bool first = TemplateValues.IsTrue(arguments.Get(1, "first", false));
        bool blank = TemplateValues.IsTrue(arguments.Get(2, "blank", false));
        string[] lines = text.Split('\n');
        arguments.Budget.Charge(text.Length + ((long)lines.Length * blanks.Length), arguments.Line);
        return string.Join('\n', lines.Select((line, i) => (i == 0 ? first : blank || line.Length > 0) ? blanks + line : line));
    }

    private static List<object?> Entries(object? value, CallArguments arguments)
    {
        if (value is Undefined)
            return [];
        if (value is not OrderedDictionary<string, object?> members)
            throw Wrong(value, arguments);
        IEnumerable<KeyValuePair<string, object?>> entries = members;
        if (arguments.Callee == "dictsort")
            entries = entries.OrderBy(entry => entry.Key.ToLowerInvariant(), StringComparer.Ordinal);
        return [.. entries.Select(entry => (object?)new List<object?> { entry.Key, entry.Value })];
    }

    private static List<object?> Sort(object? value, CallArguments arguments)
    {
        object? attribute = arguments.Named.GetValueOrDefault("attribute");
        bool caseSensitive = TemplateValues.IsTrue(arguments.Get(1, "case_sensitive", false));
        IOrderedEnumerable<object?> sorted = Items(value, arguments).OrderBy(Key, Comparer<object?>.Create((a, b) => Operators.Order(a, b, arguments.Line)));
        List<object?> list;
        try
        {
            list = [.. sorted];
        }
        catch (InvalidOperationException e) when (e.InnerException is Contracts.Text.TextException inner)
        {
            throw inner;
        }
        if (TemplateValues.IsTrue(arguments.Get(0, "reverse", false)))
            list.Reverse();
        return list;

        object? Key(object? item)
        {
            object? key = attribute is null ? item : Members.Index(item, attribute, arguments.Line);
            return key is string text && !caseSensitive ? text.ToLowerInvariant() : key;
        }
    }

    private static List<object?> Map(object? value, CallArguments arguments)
    {
        List<object?> items = Items(value, arguments);
        arguments.Budget.Charge(items.Count, arguments.Line);
        if (arguments.Named.TryGetValue("attribute", out object? attribute))
        {
            object? otherwise = arguments.Named.GetValueOrDefault("default");
            return items.ConvertAll(item => Members.Index(item, attribute, arguments.Line) is var member && member is Undefined && otherwise is not null ? otherwise : member);
        }
        CallArguments inner = arguments with { Callee = arguments.Text(0, "filter"), Positional = arguments.Positional[1..] };
        return items.ConvertAll(item => Apply(item, inner));
    }

    private static bool Passes(object? item, CallArguments arguments, int testPlace)
    {
        arguments.Budget.Charge(1, arguments.Line);
        if (arguments.Positional.Count <= testPlace)
            return TemplateValues.IsTrue(item);
        return Tests.Apply(item, arguments with { Callee = arguments.Text(testPlace, "test"), Positional = arguments.Positional[(testPlace + 1)..] });
    }

    private static List<object?> Items(object? value, CallArguments arguments) => TemplateValues.Items(value) ?? throw Wrong(value, arguments);

    private static string Str(object? value) => PythonText.Str(value);

    private static Contracts.Text.TextException Wrong(object? value, CallArguments arguments) =>
        arguments.Error($"the filter '{arguments.Callee}' cannot be applied to {TemplateValues.KindOf(value)}");
}
