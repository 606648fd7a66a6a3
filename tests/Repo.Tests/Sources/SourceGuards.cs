using System.Text.RegularExpressions;

namespace Astraea.Repo.Tests.Sources;

/// <summary>What sources may look like. Each guard answers with the problems it found.</summary>
internal static partial class SourceGuards
{
    /// <summary>Lines of a C# file at most.</summary>
    public const int FileLinesMax = 400;

    /// <summary>Lines of a member at most.</summary>
    public const int MemberLinesMax = 100;

    /// <summary>Files over a limit when it was drawn, and what they may have at most. Entries go away as files shrink; none is added or raised.</summary>
    public static IReadOnlyDictionary<string, int> LongFiles { get; } = new Dictionary<string, int>();

    public static IEnumerable<string> FileLength(RepoFile file, IReadOnlyDictionary<string, int> exceptions)
    {
        int lines = file.Text.AsSpan().TrimEnd('\n').Count('\n') + 1;
        int allowed = exceptions.GetValueOrDefault(file.Path, FileLinesMax);
        if (lines > allowed)
            yield return $"{file.Path} has {lines} lines, more than {allowed}: look for a seam";
        if (exceptions.ContainsKey(file.Path) && lines <= FileLinesMax)
            yield return $"{file.Path} has {lines} lines and needs no exception any more";
    }

    public static IEnumerable<string> MemberLength(RepoFile file) =>
        CSharpText.Members(file.Text).Where(member => member.Lines > MemberLinesMax)
            .Select(member => $"{file.Path}: '{member.Header}' has {member.Lines} lines, more than {MemberLinesMax}");

    /// <summary>A place on somebody's machine has no business in a repository. In deploy/ such paths are places inside a container.</summary>
    public static IEnumerable<string> MachinePaths(RepoFile file) =>
        MachinePath().Matches(file.Text).Select(match => $"{file.Path}: '{match.Value}' is a place on one machine");

    /// <summary>No promise instead of work.</summary>
    public static IEnumerable<string> Stubs(RepoFile file)
    {
        if (NotImplemented().IsMatch(CSharpText.CodeOnly(file.Text)))
            yield return $"{file.Path} throws NotImplementedException";
        foreach (Match match in LeftOver().Matches(file.Text))
            yield return $"{file.Path}: '{match.Value}'";
    }

    public static IEnumerable<string> EventIds(IEnumerable<RepoFile> files)
    {
        var seen = new Dictionary<int, string>();
        foreach (RepoFile file in files)
        {
            foreach (Match match in LogMessage().Matches(file.Text))
            {
                if (!match.Groups["id"].Success)
                    yield return $"{file.Path}: a log message without EventId";
                else if (!seen.TryAdd(int.Parse(match.Groups["id"].Value), file.Path))
                    yield return $"{file.Path}: EventId {match.Groups["id"].Value} is taken by {seen[int.Parse(match.Groups["id"].Value)]}";
            }
        }
    }

    /// <summary>The plain rules of .editorconfig that no compiler checks.</summary>
    public static IEnumerable<string> Form(RepoFile file)
    {
        if (file.Text.Contains('\r', StringComparison.Ordinal))
            yield return $"{file.Path} has carriage returns";
        if (file.Text.Length > 0 && (!file.Text.EndsWith('\n') || file.Text.EndsWith("\n\n", StringComparison.Ordinal)))
            yield return $"{file.Path} does not end with one line break";
        if (TrailingBlank().IsMatch(file.Text))
            yield return $"{file.Path} has blanks at the end of a line, or a tab";
    }

    /// <summary>Folder = namespace, below the root namespace of the project the file belongs to.</summary>
    public static IEnumerable<string> Namespaces(RepoFile file, string projectFolder, string rootNamespace)
    {
        Match match = FileNamespace().Match(file.Text);
        string inside = Path.GetDirectoryName(Path.GetRelativePath(projectFolder, file.Path))!.Replace('\\', '/');
        string expected = inside.Length == 0 ? rootNamespace : $"{rootNamespace}.{inside.Replace('/', '.')}";
        if (match.Success && match.Groups[1].Value != expected)
            yield return $"{file.Path} has namespace {match.Groups[1].Value}; its folder says {expected}";
    }

    /// <summary>An option says what it does and, in words or by its initial value, what holds when nobody sets it.</summary>
    public static IEnumerable<string> Options(RepoFile file)
    {
        foreach (Match match in OptionProperty().Matches(file.Text))
        {
            string doc = match.Groups["doc"].Value;
            if (!doc.Contains("<summary>", StringComparison.Ordinal))
                yield return $"{file.Path}: option {match.Groups["name"].Value} is not explained";
            else if (!match.Groups["required"].Success && !match.Groups["value"].Success && !match.Groups["optional"].Success && !doc.Contains("Default", StringComparison.Ordinal))
                yield return $"{file.Path}: option {match.Groups["name"].Value} does not state its default";
        }
    }

    [GeneratedRegex("""(?<![\w.~:/$}\])-])/(work|home|root|tmp|Users|mnt)/[\w.]*""")]
    private static partial Regex MachinePath();

    [GeneratedRegex("""[ \t]+$|\t""", RegexOptions.Multiline)]
    private static partial Regex TrailingBlank();

    [GeneratedRegex("""new\s+NotImplementedException\b""")]
    private static partial Regex NotImplemented();

    [GeneratedRegex("""//\s*(TODO|FIXME|HACK|XXX)\b.*""")]
    private static partial Regex LeftOver();

    [GeneratedRegex("""\[LoggerMessage\((?:(?:EventId\s*=\s*)?(?<id>\d+))?""")]
    private static partial Regex LogMessage();

    [GeneratedRegex("""^namespace\s+([\w.]+)\s*;""", RegexOptions.Multiline)]
    private static partial Regex FileNamespace();

    [GeneratedRegex("""(?<doc>(?:^[ \t]*///.*\n)*)(?:^[ \t]*\[.*\]\s*\n)*^[ \t]*public (?<required>required )?[\w<>?.,\[\] ]*[\w>\]](?<optional>\?)? (?<name>\w+) \{ get; (?:init|set); \}(?<value> = )?""", RegexOptions.Multiline)]
    private static partial Regex OptionProperty();
}
