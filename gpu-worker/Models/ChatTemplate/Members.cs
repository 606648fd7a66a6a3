namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>Members, items, slices and methods of values.</summary>
internal static class Members
{
    /// <summary><c>target.member</c>: a method first, then an item, as Jinja looks them up.</summary>
    public static object? Attribute(object? target, string member, int line)
    {
        if (Method(target, member) is { } method)
            return method;
        return target switch
        {
            Undefined undefined => throw TemplateErrors.At(line, $"'{undefined.Name}' is undefined, so it has no '{member}'"),
            OrderedDictionary<string, object?> members when members.TryGetValue(member, out object? value) => value,
            TemplateNamespace space when space.Members.TryGetValue(member, out object? value) => value,
            _ => new Undefined(member),
        };
    }

    /// <summary><c>target[key]</c>: an item first, then a member.</summary>
    public static object? Index(object? target, object? key, int line)
    {
        switch (target, key)
        {
            case (Undefined undefined, _):
                throw TemplateErrors.At(line, $"'{undefined.Name}' is undefined, so it has no items");
            case (OrderedDictionary<string, object?> members, string name) when members.TryGetValue(name, out object? value):
                return value;
            case (List<object?> list, long at):
                return At(list, at);
            case (string text, long at):
                return At([.. PythonText.Characters(text)], at);
            case (_, string name):
                return Attribute(target, name, line);
            default:
                return new Undefined(PythonText.Str(key));
        }
    }

    /// <summary><c>target[start:stop:step]</c>.</summary>
    public static object? Slice(object? target, long? start, long? stop, long? step, int line)
    {
        List<object?> items = target is string or List<object?>
            ? TemplateValues.Items(target)!
            : throw TemplateErrors.At(line, $"{TemplateValues.KindOf(target)} cannot be sliced");
        long by = step ?? 1;
        if (by == 0)
            throw TemplateErrors.At(line, "a slice's step is zero");
        long count = items.Count;
        long from = Clamp(start, by > 0 ? 0 : count - 1);
        long to = Clamp(stop, by > 0 ? count : -1);
        var taken = new List<object?>();
        for (Int128 i = from; by > 0 ? i < to : i > to; i += by)
            taken.Add(items[(int)i]);
        return target is string ? string.Concat(taken) : taken;

        long Clamp(long? bound, long otherwise)
        {
            if (bound is not { } value)
                return otherwise;
            value = value < 0 ? Math.Max(value + count, -1) : value;
            return by > 0 ? Math.Clamp(value, 0, count) : Math.Min(value, count - 1);
        }
    }

    private static object? At(List<object?> items, long at)
    {
        long place = at < 0 ? at + items.Count : at;
        return place >= 0 && place < items.Count ? items[(int)place] : new Undefined($"item {at}");
    }

    private static TemplateFunction? Method(object? target, string name) => target switch
    {
        string text => StringMethods.Find(text, name),
        OrderedDictionary<string, object?> members => name switch
        {
            "items" => _ => members.Select(entry => (object?)new List<object?> { entry.Key, entry.Value }).ToList(),
            "keys" => _ => members.Keys.Select(key => (object?)key).ToList(),
            "values" => _ => members.Values.ToList(),
            "get" => arguments => members.TryGetValue(arguments.Text(0, "key"), out object? value) ? value : arguments.Get(1, "default"),
            _ => null,
        },
        List<object?> list => name switch
        {
            "index" => arguments => list.FindIndex(item => TemplateValues.AreEqual(item, arguments.Need(0, "value"))) is >= 0 and var at
                ? (long)at
                : throw arguments.Error("list.index: the value is not in the list"),
            "count" => arguments => (long)list.Count(item => TemplateValues.AreEqual(item, arguments.Need(0, "value"))),
            // Changing values in place is what the sandbox of chat templates forbids.
            "append" or "pop" or "insert" or "extend" or "remove" or "clear" =>
                arguments => throw arguments.Error($"list.{name} would change a list in place, which chat templates may not"),
            _ => null,
        },
        _ => null,
    };
}
