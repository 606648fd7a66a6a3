using System.Text;
using System.Text.Json;
using Astraea.Worker.Models.ChatTemplate;
using Astraea.Worker.Models.Output.Forms;
using Astraea.Worker.Models.Output.Patterns;

namespace Astraea.Worker.Models.Output.Schemas;

/// <summary>Reads JSON schemas (draft 2020-12) as far as a form can follow them: what is written under the form is always valid.</summary>
/// <remarks>
/// Members come in the order they are declared, and undeclared ones only where nothing is declared. What cannot be followed is an error that names
/// the place when the reader is strict; otherwise it is left out, and the value is only as narrow as the rest says.
/// </remarks>
internal sealed class SchemaReader
{
    private const int DepthMax = 64;
    private const int NodesMax = 4096;
    private const int ValuesMax = 4096;

    /// <summary>A form may have to be completed in one go (By).</summary>
    private const int CostMax = 64 * 1024;

    /// <summary>Words that describe and do not constrain.</summary>
    private static readonly HashSet<string> Notes = new(StringComparer.Ordinal)
    {
        "title", "description", "default", "examples", "example", "$schema", "$id", "$comment", "$defs", "definitions", "$anchor", "deprecated", "readOnly",
        "writeOnly", "contentEncoding", "contentMediaType", "nullable",
    };

    /// <summary>Words read below; <c>uniqueItems</c> and the like pass only where they say nothing.</summary>
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "type", "enum", "const", "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "anyOf", "oneOf", "allOf", "$ref", "pattern",
        "minLength", "maxLength", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "uniqueItems", "minProperties",
    };

    private readonly JsonElement _root;
    private readonly string _rootPlace;
    private readonly bool _strict;
    private readonly SchemaBudget _budget;
    private readonly List<ValueSchema> _nodes = [];
    private readonly List<(List<ValueSchema> Options, string Place)> _exclusive = [];
    private readonly Dictionary<string, ValueSchema> _references = new(StringComparer.Ordinal);

    private SchemaReader(JsonElement root, string place, bool strict, SchemaBudget budget)
    {
        _root = root;
        _rootPlace = place;
        _strict = strict;
        _budget = budget;
    }

    /// <summary>Reads a schema.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="place">Where it stands, for errors.</param>
    /// <param name="strict">Whether what cannot be followed is refused.</param>
    /// <param name="budget">What reading may cost.</param>
    /// <exception cref="SchemaException">It cannot be followed.</exception>
    public static ValueSchema Read(JsonElement schema, string place, bool strict, SchemaBudget budget)
    {
        var reader = new SchemaReader(schema, place, strict, budget);
        ValueSchema read = reader.Read(schema, place, 0);
        reader.Measure();
        // Only now that all references lead somewhere.
        foreach (var (options, at) in reader._exclusive)
            ExclusiveOptions.Check(options, at, budget);
        if (read.Height <= Room.Whole.Levels && read.Cost <= CostMax)
            return read;
        return strict
            ? throw new SchemaException(place, read.Height == ValueSchema.Endless ? "no finite value fits" : $"the smallest value has more than {Room.Whole.Levels} levels or {CostMax} bytes")
            : ValueSchema.Any;
    }

    private ValueSchema Read(JsonElement schema, string place, int depth)
    {
        _budget.Charge(1, place);
        var node = new ValueSchema();
        _nodes.Add(node);
        if (_nodes.Count > NodesMax)
            throw new SchemaException(place, $"there are more than {NodesMax} schemas");
        Fill(node, schema, place, depth);
        return node;
    }

    private void Fill(ValueSchema node, JsonElement schema, string place, int depth)
    {
        node.Kinds = ValueKinds.Any;
        if (depth > DepthMax)
        {
            if (_strict)
                throw new SchemaException(place, $"schemas are nested deeper than {DepthMax}");
            node.Kinds = ValueKinds.Any & ~(ValueKinds.Members | ValueKinds.Items);
            return;
        }
        if (schema.ValueKind == JsonValueKind.True)
            return;
        if (schema.ValueKind != JsonValueKind.Object)
        {
            Refuse(place, schema.ValueKind == JsonValueKind.False ? "'false' fits nothing" : "a schema must be an object");
            return;
        }
        CheckWords(schema, place);
        if (ReadAlternatives(node, schema, place, depth))
            return;
        ValueKinds kinds = ReadKinds(schema, place);
        if (ReadValues(schema, kinds, place) is { } values)
        {
            node.Values = values;
            return;
        }
        // Without a type, what is said of members or items still means them.
        if (kinds == ValueKinds.None)
        {
            kinds = schema.TryGetProperty("properties", out _) ? ValueKinds.Members : schema.TryGetProperty("items", out _) && _strict ? ValueKinds.Items : ValueKinds.Any;
        }
        node.Kinds = kinds;
        if (kinds.HasFlag(ValueKinds.Members))
            ReadMembers(node, schema, place, depth);
        if (kinds.HasFlag(ValueKinds.Items))
            ReadItems(node, schema, place, depth);
        if (kinds.HasFlag(ValueKinds.Text))
            ReadText(node, schema, place);
        if ((kinds & (ValueKinds.Integer | ValueKinds.Number)) != 0)
            Try(() => (node.IntegerBounds, node.NumberBounds) = NumberWords.Read(schema, kinds, place));
    }

    private void CheckWords(JsonElement schema, string place)
    {
        foreach (JsonProperty word in schema.EnumerateObject())
        {
            _budget.Charge(1, place);
            bool empty = word.Value.ValueKind is JsonValueKind.False or JsonValueKind.Null || (word.Value.ValueKind == JsonValueKind.Number && word.Value.GetRawText() == "0");
            if (word.Name is "uniqueItems" or "minProperties" ? !empty : !Known.Contains(word.Name) && !Notes.Contains(word.Name))
                Refuse($"{place}.{Shown(word.Name)}", "this keyword is not supported");
        }
    }

    /// <summary>Reads a reference or alternatives; false when there are none.</summary>
    private bool ReadAlternatives(ValueSchema node, JsonElement schema, string place, int depth)
    {
        foreach (string word in (string[])["$ref", "anyOf", "oneOf", "allOf"])
        {
            if (!schema.TryGetProperty(word, out JsonElement given))
                continue;
            string at = $"{place}.{word}";
            foreach (JsonProperty other in schema.EnumerateObject())
            {
                if (other.Name != word && Known.Contains(other.Name))
                    Refuse($"{place}.{other.Name}", $"beside '{word}' this keyword is not supported");
            }
            if (word == "$ref")
            {
                if (Resolve(given, at, depth) is { } target)
                    node.Options = [target];
                return true;
            }
            if (given.ValueKind != JsonValueKind.Array || given.GetArrayLength() == 0 || (word == "allOf" && given.GetArrayLength() > 1))
            {
                Refuse(at, word == "allOf" ? "only one schema is supported here" : "one or more schemas are needed");
                return true;
            }
            List<ValueSchema> options = [.. given.EnumerateArray().Select((option, i) => Read(option, $"{at}[{i}]", depth + 1))];
            if (word == "oneOf" && _strict)
                _exclusive.Add((options, at));
            node.Options = options;
            return true;
        }
        return false;
    }

    private ValueSchema? Resolve(JsonElement given, string place, int depth)
    {
        string pointer = given.ValueKind == JsonValueKind.String ? given.GetString()! : "";
        if (pointer != "#" && !pointer.StartsWith("#/", StringComparison.Ordinal))
        {
            Refuse(place, $"'{Shown(pointer)}' does not lead into this schema");
            return null;
        }
        if (_references.TryGetValue(pointer, out ValueSchema? known))
            return known;
        JsonElement target = _root;
        foreach (string part in pointer.Split('/')[1..])
        {
            string name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            bool found = target.ValueKind switch
            {
                JsonValueKind.Object => target.TryGetProperty(name, out target),
                JsonValueKind.Array when int.TryParse(name, System.Globalization.NumberStyles.None, null, out int index) && index < target.GetArrayLength() => (target = target[index]).ValueKind != JsonValueKind.Undefined,
                _ => false,
            };
            if (!found)
            {
                Refuse(place, $"'{Shown(pointer)}' leads nowhere");
                return null;
            }
        }
        var node = new ValueSchema();
        _nodes.Add(node);
        _references.Add(pointer, node);
        Fill(node, target, _rootPlace + pointer[1..].Replace('/', '.'), depth + 1);
        return node;
    }

    private ValueKinds ReadKinds(JsonElement schema, string place)
    {
        if (!schema.TryGetProperty("type", out JsonElement type))
            return ValueKinds.None;
        JsonElement[] names = type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray()] : [type];
        var kinds = ValueKinds.None;
        foreach (JsonElement name in names)
        {
            ValueKinds kind = (name.ValueKind == JsonValueKind.String ? name.GetString() : null) switch
            {
                "string" => ValueKinds.Text,
                "integer" => ValueKinds.Integer,
                "number" => ValueKinds.Number,
                "boolean" => ValueKinds.Boolean,
                "null" => ValueKinds.Null,
                "object" => ValueKinds.Members,
                "array" => ValueKinds.Items,
                _ => ValueKinds.None,
            };
            if (kind == ValueKinds.None)
                Refuse($"{place}.type", $"{Shown(name.GetRawText())} is not a type");
            kinds |= kind;
        }
        if (kinds == ValueKinds.None)
            Refuse($"{place}.type", "no type is named");
        return kinds;
    }

    private List<byte[]>? ReadValues(JsonElement schema, ValueKinds kinds, string place)
    {
        foreach (string word in (string[])["const", "enum"])
        {
            if (!schema.TryGetProperty(word, out JsonElement given))
                continue;
            JsonElement[] values = word == "const" ? [given] : given.ValueKind == JsonValueKind.Array ? [.. given.EnumerateArray()] : [];
            _budget.Charge(given.GetRawText().Length, place);
            JsonElement[] fitting = [.. values.Where(value => kinds == ValueKinds.None || (KindOf(value) & Widened(kinds)) != 0)];
            if (values.Length > ValuesMax || fitting.Length == 0)
            {
                Refuse($"{place}.{word}", values.Length > ValuesMax ? $"there are more than {ValuesMax} values" : "no value of the right type is given");
                return null;
            }
            foreach (JsonProperty other in schema.EnumerateObject())
            {
                if (other.Name != word && other.Name != "type" && Known.Contains(other.Name))
                    Refuse($"{place}.{other.Name}", $"beside '{word}' this keyword is not supported");
            }
            return [.. fitting.Select(value => Encoding.UTF8.GetBytes(PythonText.Json(TemplateValues.FromJson(value, text => text)))).DistinctBy(Convert.ToHexString)];
        }
        return null;
    }

    private static ValueKinds Widened(ValueKinds kinds) => kinds.HasFlag(ValueKinds.Number) ? kinds | ValueKinds.Integer : kinds;

    private static ValueKinds KindOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => ValueKinds.Text,
        JsonValueKind.Number => value.TryGetDecimal(out decimal number) && decimal.IsInteger(number) ? ValueKinds.Integer : ValueKinds.Number,
        JsonValueKind.True or JsonValueKind.False => ValueKinds.Boolean,
        JsonValueKind.Object => ValueKinds.Members,
        JsonValueKind.Array => ValueKinds.Items,
        _ => ValueKinds.Null,
    };

    private void ReadMembers(ValueSchema node, JsonElement schema, string place, int depth)
    {
        var required = new HashSet<string>(StringComparer.Ordinal);
        if (schema.TryGetProperty("required", out JsonElement names) && names.ValueKind == JsonValueKind.Array)
            required.UnionWith(names.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String).Select(name => name.GetString()!));
        schema.TryGetProperty("additionalProperties", out JsonElement further);
        bool closed = further.ValueKind == JsonValueKind.False;
        var members = new List<MemberSchema>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        if (schema.TryGetProperty("properties", out JsonElement properties) && properties.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in properties.EnumerateObject())
            {
                if (seen.Add(property.Name))
                    members.Add(Member(property.Name, Read(property.Value, $"{place}.properties.{Shown(property.Name)}", depth + 1), required));
            }
        }
        ValueSchema? others = further.ValueKind == JsonValueKind.Object ? Read(further, $"{place}.additionalProperties", depth + 1) : null;
        foreach (string name in required.Where(name => !seen.Contains(name)).Order(StringComparer.Ordinal))
        {
            if (closed)
                Refuse($"{place}.required", $"'{Shown(name)}' is required, but not among the properties, and no others may be there");
            else if (_strict)
                members.Add(Member(name, others ?? ValueSchema.Any, required));
        }
        if (members.Count > 0 || (closed && _strict))
            node.Members = members;
        else
            node.Named = others;
    }

    private static MemberSchema Member(string name, ValueSchema value, HashSet<string> required) =>
        new(Encoding.UTF8.GetBytes(PythonText.Json(name) + ": "), value, required.Contains(name));

    private void ReadItems(ValueSchema node, JsonElement schema, string place, int depth)
    {
        if (schema.TryGetProperty("items", out JsonElement items))
            node.Items = Read(items, $"{place}.items", depth + 1);
        Try(() =>
        {
            (node.ItemsMin, node.ItemsMax) = Counts(schema, "minItems", "maxItems", place);
        });
    }

    private void ReadText(ValueSchema node, JsonElement schema, string place) => Try(() =>
    {
        var (min, max) = Counts(schema, "minLength", "maxLength", place);
        var length = new TextLength(min, max);
        string? pattern = schema.TryGetProperty("pattern", out JsonElement given) && given.ValueKind == JsonValueKind.String ? given.GetString() : null;
        if (schema.TryGetProperty("format", out JsonElement format) && format.ValueKind == JsonValueKind.String)
        {
            string formatPattern = TextFormats.PatternOf(format.GetString()!, $"{place}.format");
            if (pattern is not null)
                throw new SchemaException($"{place}.pattern", "beside 'format' this keyword is not supported");
            pattern = formatPattern;
        }
        node.Length = length;
        if (pattern is not null)
        {
            string at = $"{place}.{(given.ValueKind == JsonValueKind.String ? "pattern" : "format")}";
            node.Pattern = PatternAutomaton.Compile(PatternParser.Parse(pattern, _budget, at), length, _budget, at);
        }
    });

    private static (int Min, int Max) Counts(JsonElement schema, string minWord, string maxWord, string place)
    {
        int min = Count(schema, minWord, 0, place), max = Count(schema, maxWord, int.MaxValue, place);
        const int most = 100_000;
        if (min > most)
            throw new SchemaException($"{place}.{minWord}", $"more than {most} are not supported");
        return min <= max ? (min, max) : throw new SchemaException($"{place}.{minWord}", $"it is above '{maxWord}'");
    }

    private static int Count(JsonElement schema, string word, int otherwise, string place)
    {
        if (!schema.TryGetProperty(word, out JsonElement given))
            return otherwise;
        return given.ValueKind == JsonValueKind.Number && given.TryGetInt32(out int count) && count >= 0
            ? count
            : throw new SchemaException($"{place}.{word}", $"{Shown(given.GetRawText())} is not a count");
    }

    /// <summary>Reads a part; where that fails, a reader that is not strict goes on without it.</summary>
    private void Try(Action read)
    {
        try
        {
            read();
        }
        catch (SchemaException) when (!_strict)
        {
            // Left out, as promised; the budget is charged all the same.
        }
    }

    private void Refuse(string place, string why)
    {
        if (_strict)
            throw new SchemaException(place, why);
    }

    private void Measure()
    {
        foreach (ValueSchema node in _nodes)
            (node.Height, node.Cost) = (ValueSchema.Endless, ValueSchema.Endless);
        for (bool changed = true; changed;)
        {
            changed = false;
            _budget.Charge(_nodes.Count, _rootPlace);
            foreach (ValueSchema node in _nodes)
            {
                var (height, cost) = (node.NextHeight(), node.NextCost());
                changed |= height != node.Height || cost != node.Cost;
                (node.Height, node.Cost) = (height, cost);
            }
        }
    }

    private static string Shown(string text) => new([.. text.Take(64).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)]);
}
