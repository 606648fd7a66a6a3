using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Astraea.Repo.Tests.Chart;

/// <summary>What can be said about a chart without rendering it. Each guard answers with the problems it found.</summary>
internal static partial class ChartGuards
{
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

    public static YamlMappingNode Yaml(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return (YamlMappingNode)stream.Documents.Single().RootNode;
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
}
