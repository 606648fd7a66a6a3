using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Astraea.Simulator.Planning;

/// <summary>A scenario that cannot be run; the message names file, line and key.</summary>
public sealed class ScenarioException : Exception
{
    /// <summary>Says what is wrong.</summary>
    public ScenarioException(string message) : base(message) { }

    /// <summary>Says what is wrong, and why.</summary>
    public ScenarioException(string message, Exception inner) : base(message, inner) { }

    /// <summary>For serializers.</summary>
    public ScenarioException() { }
}

/// <summary>A mapping in a YAML file that is read key by key; keys that nobody read are mistakes.</summary>
internal sealed class YamlSection
{
    private readonly string _file, _path;
    private readonly YamlMappingNode _node;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    private YamlSection(string file, string path, YamlMappingNode node) => (_file, _path, _node) = (file, path, node);

    /// <summary>The whole of a file.</summary>
    public static YamlSection Parse(string file, string text)
    {
        YamlStream stream = [];
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw new ScenarioException($"{file}: line {e.Start.Line}: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            // What the parser throws when a file ends inside a bracket.
            throw new ScenarioException($"{file}: line {text.Count(static c => c == '\n') + 1}: a bracket is not closed", e);
        }
        return stream.Documents.Count == 1 && stream.Documents[0].RootNode is YamlMappingNode root
            ? new YamlSection(file, "", root)
            : throw new ScenarioException($"{file}: it must be one list of keys and values");
    }

    /// <summary>Keys that are there.</summary>
    public IEnumerable<string> Keys => _node.Children.Keys.OfType<YamlScalarNode>().Select(static k => k.Value ?? "");

    public bool Has(string key) => _node.Children.ContainsKey(new YamlScalarNode(key));

    public string Text(string key, string? otherwise = null) => Find(key) switch
    {
        null => otherwise ?? throw Missing(key),
        YamlScalarNode { Value.Length: > 0 } scalar => scalar.Value,
        var node => throw Bad(node, key, "must be a text"),
    };

    public double Number(string key, double? otherwise, double least, double most)
    {
        if (Find(key) is not { } node)
            return otherwise ?? throw Missing(key);
        return node is YamlScalarNode scalar && double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most
            ? value
            : throw Bad(node, key, $"must be a number from {least} to {most}, is '{node}'");
    }

    public int Whole(string key, int? otherwise, int least, int most)
    {
        if (Find(key) is not { } node)
            return otherwise ?? throw Missing(key);
        return node is YamlScalarNode scalar && int.TryParse(scalar.Value, NumberStyles.AllowLeadingSign | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value
            : throw Bad(node, key, $"must be a whole number from {least} to {most}, is '{node}'");
    }

    public bool Flag(string key, bool otherwise) => Find(key) switch
    {
        null => otherwise,
        YamlScalarNode { Value: "true" } => true,
        YamlScalarNode { Value: "false" } => false,
        var node => throw Bad(node, key, $"must be true or false, is '{node}'"),
    };

    /// <summary>One of some words.</summary>
    public T Word<T>(string key, T otherwise, params (string Word, T Meaning)[] words)
    {
        if (Find(key) is not { } node)
            return otherwise;
        foreach ((string word, T meaning) in words)
        {
            if (node is YamlScalarNode scalar && scalar.Value == word)
                return meaning;
        }
        throw Bad(node, key, $"must be one of {string.Join(", ", words.Select(static w => w.Word))}, is '{node}'");
    }

    /// <summary>A list of texts, or a single one.</summary>
    public IReadOnlyList<(string Text, int Line)> Texts(string key) => Find(key) switch
    {
        null => throw Missing(key),
        YamlScalarNode { Value.Length: > 0 } one => [(one.Value, (int)one.Start.Line)],
        YamlSequenceNode { Children.Count: > 0 } many => [.. many.Children.Select(c => c is YamlScalarNode { Value.Length: > 0 } s ? (s.Value, (int)s.Start.Line) : throw Bad(c, key, "must be a list of texts"))],
        var node => throw Bad(node, key, "must be a list of texts"),
    };

    /// <summary>A list of numbers, or a single one.</summary>
    public IReadOnlyList<double> Numbers(string key, double least, double most) =>
    [
        .. Texts(key).Select(t => double.TryParse(t.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most
            ? value
            : throw At(t.Line, key, $"must be numbers from {least} to {most}, is '{t.Text}'")),
    ];

    public YamlSection? Section(string key) => Find(key) switch
    {
        null => null,
        YamlMappingNode inner => new YamlSection(_file, $"{_path}{key}.", inner),
        var node => throw Bad(node, key, "must have keys below it"),
    };

    public IReadOnlyList<YamlSection> Sections(string key) => Find(key) switch
    {
        null => [],
        YamlSequenceNode many => [.. many.Children.Select((c, i) => c is YamlMappingNode inner ? new YamlSection(_file, $"{_path}{key}[{i}].", inner) : throw Bad(c, key, "must be a list of entries with keys"))],
        var node => throw Bad(node, key, "must be a list"),
    };

    /// <summary>Complains about keys that nobody has read.</summary>
    public void Finish()
    {
        foreach (YamlNode key in _node.Children.Keys)
        {
            if (key is not YamlScalarNode { Value: { } name } || !_read.Contains(name))
                throw At((int)key.Start.Line, key.ToString(), $"is not known here; known are {string.Join(", ", _read.Order(StringComparer.Ordinal))}");
        }
    }

    /// <summary>A complaint about the value of a key.</summary>
    public ScenarioException Bad(string key, string what) =>
        _node.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? node) ? Bad(node, key, what) : At((int)_node.Start.Line, key, what);

    /// <summary>A complaint with a line.</summary>
    public ScenarioException At(int line, string key, string what) => new($"{_file}: line {line}: {_path}{key}: {what}");

    private ScenarioException Bad(YamlNode node, string key, string what) => At((int)node.Start.Line, key, what);

    private ScenarioException Missing(string key) => At((int)_node.Start.Line, key, "is missing");

    private YamlNode? Find(string key)
    {
        _read.Add(key);
        return _node.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? node) ? node : null;
    }
}
