using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Astraea.Repo.Tests.Chart;

/// <summary>What can be said about a chart without rendering it. Each guard answers with the problems it found.</summary>
internal static partial class ChartGuards
{
    /// <summary>Configuration keys of the silo, as environment variables; N stands for an index.</summary>
    public static IReadOnlySet<string> Settings { get; } = new HashSet<string>
    {
        "Astraea__Listen", "Astraea__DataDirectory", "Astraea__Roles", "Astraea__Model__Path", "Astraea__Scheduler__Policy",
        "Astraea__Worker__Count", "Astraea__Worker__DeviceBlocks", "Astraea__Worker__HostBlocks", "Astraea__Worker__Slots",
        "Astraea__Worker__StepTokens", "Astraea__Worker__Threads", "Astraea__Gateway__ApiKeys__N__Tenant", "Astraea__Gateway__ApiKeys__N__Key",
    };

    /// <summary>Actions are closed, blocks are ended, and every named template that is included is defined.</summary>
    public static IEnumerable<string> Templates(IReadOnlyCollection<RepoFile> files)
    {
        HashSet<string> defined = [.. files.SelectMany(file => Define().Matches(file.Text)).Select(match => match.Groups[1].Value)];
        foreach (RepoFile file in files)
        {
            int opened = file.Text.Split("{{").Length, closed = file.Text.Split("}}").Length;
            if (opened != closed)
                yield return $"{file.Path}: {opened - 1} actions open, {closed - 1} close";
            int depth = 0;
            foreach (Match action in Action().Matches(file.Text))
            {
                depth += action.Groups[1].Value == "end" ? -1 : 1;
                if (depth < 0)
                    break;
            }
            if (depth != 0)
                yield return $"{file.Path}: blocks and their ends do not match ({depth})";
            foreach (Match include in Include().Matches(file.Text).Where(match => !defined.Contains(match.Groups[1].Value)))
                yield return $"{file.Path} includes '{include.Groups[1].Value}', which nobody defines";
        }
    }

    /// <summary>Every value a template reads has a default in values.yaml, and every default is read.</summary>
    public static IEnumerable<string> Values(IReadOnlyCollection<RepoFile> templates, string values)
    {
        HashSet<string> known = [.. Paths(Yaml(values), "")];
        HashSet<string> read = [.. templates.SelectMany(file => Value().Matches(file.Text)).Select(match => match.Groups[1].Value)];
        foreach (string path in read.Where(path => !known.Contains(path)))
            yield return $"values.yaml lacks {path}";
        foreach (string path in known.Where(path => !read.Any(name => name == path || path.StartsWith(name + ".", StringComparison.Ordinal) || name.StartsWith(path + ".", StringComparison.Ordinal))))
            yield return $"no template reads the value {path}";
    }

    /// <summary>The schema describes exactly the values there are, and refuses others.</summary>
    public static IEnumerable<string> Schema(string values, string schema)
    {
        JsonElement json = JsonDocument.Parse(schema).RootElement.Clone();
        return Schema(Yaml(values), json, "");
    }

    public static IEnumerable<string> Environment(RepoFile file, IReadOnlySet<string> settings)
    {
        IEnumerable<string> names = EnvironmentEntry().Matches(file.Text).Select(match => match.Groups[1].Value)
            .Concat(SettingName().Matches(file.Text).Select(match => match.Value)).Distinct();
        foreach (string name in names)
        {
            string general = Index().Replace(name, "__N__");
            if (!settings.Contains(general))
                yield return $"{file.Path} sets {name}, which the silo does not read";
        }
    }

    /// <summary>Every setting is a property of some option class: the list above cannot outlive the code it lists.</summary>
    public static IEnumerable<string> Unbound(IEnumerable<string> settings, IEnumerable<RepoFile> options)
    {
        HashSet<string> properties = [.. options.SelectMany(file => Property().Matches(file.Text)).Select(match => match.Groups[1].Value)];
        return settings.Where(name => !properties.Contains(name.Split("__")[^1])).Select(name => $"no option class has a property for {name}");
    }

    public static YamlMappingNode Yaml(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return (YamlMappingNode)stream.Documents.Single().RootNode;
    }

    private static IEnumerable<string> Schema(YamlMappingNode values, JsonElement schema, string prefix)
    {
        if (schema.GetProperty("additionalProperties").GetBoolean())
            yield return $"the schema lets unknown values pass at '{prefix}'";
        Dictionary<string, JsonElement> properties = schema.GetProperty("properties").EnumerateObject().ToDictionary(p => p.Name, p => p.Value);
        foreach ((YamlNode key, YamlNode value) in values.Children)
        {
            string path = prefix + key;
            if (!properties.Remove(key.ToString(), out JsonElement property))
                yield return $"the schema lacks {path}";
            else if (value is YamlMappingNode { Children.Count: > 0 } inner)
            {
                // Resources and the like are Kubernetes' own shapes: an object without stated properties.
                foreach (string problem in property.TryGetProperty("properties", out _) ? Schema(inner, property, path + ".") : [])
                    yield return problem;
            }
            else if (value is YamlScalarNode scalar && !Allows(property, scalar))
                yield return $"the schema does not allow the default of {path}, '{scalar.Value}'";
        }
        foreach (string name in properties.Keys.Where(name => prefix.Length > 0 || name != "global"))
            yield return $"the schema has {prefix}{name}, values.yaml has not";
    }

    private static bool Allows(JsonElement property, YamlScalarNode scalar)
    {
        if (property.TryGetProperty("enum", out JsonElement choices))
            return choices.EnumerateArray().Any(choice => choice.GetString() == scalar.Value);
        if (property.GetProperty("type").GetString() != "integer")
            return property.GetProperty("type").GetString() == "string" && (!property.TryGetProperty("pattern", out JsonElement pattern) || Regex.IsMatch(scalar.Value!, pattern.GetString()!));
        return long.TryParse(scalar.Value, out long number)
            && (!property.TryGetProperty("minimum", out JsonElement minimum) || number >= minimum.GetInt64())
            && (!property.TryGetProperty("maximum", out JsonElement maximum) || number <= maximum.GetInt64());
    }

    private static IEnumerable<string> Paths(YamlMappingNode node, string prefix)
    {
        foreach ((YamlNode key, YamlNode value) in node.Children)
        {
            yield return prefix + key;
            foreach (string path in value is YamlMappingNode inner ? Paths(inner, $"{prefix}{key}.") : [])
                yield return path;
        }
    }

    [GeneratedRegex("""\{\{-?\s*define\s+"([^"]+)["]""")]
    private static partial Regex Define();

    [GeneratedRegex("""\{\{-?\s*(if|with|range|define|block|end)\b""")]
    private static partial Regex Action();

    [GeneratedRegex("""\binclude\s+"([^"]+)["]""")]
    private static partial Regex Include();

    [GeneratedRegex("""\.Values\.([\w.]+)""")]
    private static partial Regex Value();

    [GeneratedRegex("""^\s*- name: (\S+)\n\s+value(?:From)?:""", RegexOptions.Multiline)]
    private static partial Regex EnvironmentEntry();

    [GeneratedRegex("""\bpublic [\w<>?]+ (\w+) \{ get; (?:init|set); \}""")]
    private static partial Regex Property();

    [GeneratedRegex("""\bAstraea__(\w|\{\{[^}]*\}\})+""")]
    private static partial Regex SettingName();

    [GeneratedRegex("""__(\d+|\{\{[^}]*\}\})__""")]
    private static partial Regex Index();
}
