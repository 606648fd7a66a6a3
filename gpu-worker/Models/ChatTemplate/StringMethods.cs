namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>Python's string methods.</summary>
internal static class StringMethods
{
    /// <summary>A method bound to a string; null when there is none of that name.</summary>
    public static TemplateFunction? Find(string text, string name) => name switch
    {
        "startswith" => arguments => Any(arguments, "prefix", part => text.StartsWith(part, StringComparison.Ordinal)),
        "endswith" => arguments => Any(arguments, "suffix", part => text.EndsWith(part, StringComparison.Ordinal)),
        "strip" => arguments => text.Trim(Chars(arguments)),
        "lstrip" => arguments => text.TrimStart(Chars(arguments)),
        "rstrip" => arguments => text.TrimEnd(Chars(arguments)),
        "removeprefix" => arguments => text.StartsWith(arguments.Text(0, "prefix"), StringComparison.Ordinal) ? text[arguments.Text(0, "prefix").Length..] : text,
        "removesuffix" => arguments => text.EndsWith(arguments.Text(0, "suffix"), StringComparison.Ordinal) ? text[..^arguments.Text(0, "suffix").Length] : text,
        "upper" => _ => text.ToUpperInvariant(),
        "lower" => _ => text.ToLowerInvariant(),
        "title" => _ => Title(text),
        "capitalize" => _ => Capitalize(text),
        "split" => arguments => Split(text, arguments, fromRight: false),
        "rsplit" => arguments => Split(text, arguments, fromRight: true),
        "splitlines" => _ => text.Length == 0 ? [] : Objects(text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n')),
        "replace" => arguments => Replace(text, arguments),
        "join" => arguments => Filters.Join(arguments.Need(0, "items"), text, arguments),
        "find" => arguments => (long)text.IndexOf(arguments.Text(0, "part"), StringComparison.Ordinal),
        "count" => arguments => arguments.Text(0, "part") is { Length: > 0 } part ? text.Split(part).Length - 1L : text.Length + 1L,
        "rfind" => arguments => (long)text.LastIndexOf(arguments.Text(0, "part"), StringComparison.Ordinal),
        "partition" => arguments => Partition(text, arguments, text.IndexOf(arguments.Text(0, "sep"), StringComparison.Ordinal)),
        "rpartition" => arguments => Partition(text, arguments, text.LastIndexOf(arguments.Text(0, "sep"), StringComparison.Ordinal), fromRight: true),
        "zfill" => arguments => text.PadLeft((int)Math.Clamp(arguments.Integer(0, "width", 0), 0, 1000), '0'),
        "isalnum" => _ => text.Length > 0 && text.All(char.IsLetterOrDigit),
        "isupper" => _ => text.Any(char.IsUpper) && !text.Any(char.IsLower),
        "islower" => _ => text.Any(char.IsLower) && !text.Any(char.IsUpper),
        "isdigit" => _ => text.Length > 0 && text.All(char.IsDigit),
        "isalpha" => _ => text.Length > 0 && text.All(char.IsLetter),
        "isspace" => _ => text.Length > 0 && text.Trim(PythonText.Whitespace).Length == 0,
        _ => null,
    };

    public static string Title(string text)
    {
        char[] chars = text.ToLowerInvariant().ToCharArray();
        for (int i = 0; i < chars.Length; i++)
        {
            if (i == 0 || !char.IsLetter(chars[i - 1]))
                chars[i] = char.ToUpperInvariant(chars[i]);
        }
        return new string(chars);
    }

    public static string Capitalize(string text) =>
        text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    public static string Replace(string text, CallArguments arguments)
    {
        string from = arguments.Text(0, "old"), to = arguments.Text(1, "new");
        if (from.Length == 0)
            throw arguments.Error("replace: the text to be replaced is empty");
        long limit = arguments.Integer(2, "count", -1);
        if (limit < 0)
        {
            arguments.Budget.Charge(text.Length + ((long)text.Length / from.Length * to.Length), arguments.Line);
            return text.Replace(from, to, StringComparison.Ordinal);
        }
        string[] parts = text.Split(from, (int)Math.Min(limit + 1, int.MaxValue));
        arguments.Budget.Charge(text.Length + ((long)parts.Length * to.Length), arguments.Line);
        return string.Join(to, parts);
    }

    private static bool Any(CallArguments arguments, string name, Func<string, bool> test) => arguments.Need(0, name) switch
    {
        string part => test(part),
        List<object?> parts => parts.Exists(part => part is string text && test(text)),
        _ => throw arguments.Error($"{arguments.Callee}: '{name}' must be a string"),
    };

    private static char[] Chars(CallArguments arguments) =>
        arguments.Get(0, "chars") is string chars ? chars.ToCharArray() : PythonText.Whitespace;

    private static List<object?> Split(string text, CallArguments arguments, bool fromRight)
    {
        arguments.Budget.Charge(text.Length, arguments.Line);
        long limit = arguments.Integer(1, "maxsplit", -1);
        if (arguments.Get(0, "sep") is not string separator)
            return SplitAtBlanks(text, limit, fromRight, arguments);
        if (separator.Length == 0)
            throw arguments.Error("split: the separator is empty");
        if (limit < 0)
            return Objects(text.Split(separator));
        if (!fromRight)
            return Objects(text.Split(separator, (int)Math.Min(limit + 1, int.MaxValue)));
        string[] parts = text.Split(separator);
        int joined = (int)Math.Max(0, parts.Length - limit);
        return joined <= 1 ? Objects(parts) : Objects([string.Join(separator, parts[..joined]), .. parts[joined..]]);
    }

    /// <summary>Runs of white space part words; what is left beyond the limit keeps its own.</summary>
    private static List<object?> SplitAtBlanks(string text, long limit, bool fromRight, CallArguments arguments)
    {
        if (limit < 0)
            return Objects(text.Split(PythonText.Whitespace, StringSplitOptions.RemoveEmptyEntries));
        if (fromRight)
            throw arguments.Error("rsplit: a limit needs a separator");
        var parts = new List<object?>();
        string rest = text.TrimStart(PythonText.Whitespace);
        while (rest.Length > 0)
        {
            int end = parts.Count < limit ? rest.IndexOfAny(PythonText.Whitespace) : -1;
            parts.Add(end < 0 ? rest : rest[..end]);
            rest = end < 0 ? "" : rest[end..].TrimStart(PythonText.Whitespace);
        }
        return parts;
    }

    private static List<object?> Partition(string text, CallArguments arguments, int at, bool fromRight = false)
    {
        string separator = arguments.Text(0, "sep");
        if (separator.Length == 0)
            throw arguments.Error("partition: the separator is empty");
        if (at < 0)
            return fromRight ? ["", "", text] : [text, "", ""];
        return [text[..at], separator, text[(at + separator.Length)..]];
    }

    private static List<object?> Objects(string[] parts) => [.. parts];
}
