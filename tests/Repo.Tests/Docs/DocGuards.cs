using System.Text.RegularExpressions;

namespace Astraea.Repo.Tests.Docs;

/// <summary>What documents say about files must be so.</summary>
internal static partial class DocGuards
{
    /// <summary>Paths in code spans and links of a Markdown file that do not exist.</summary>
    /// <param name="file">The document.</param>
    /// <param name="exists">Whether a path from the root is a file or a folder.</param>
    /// <param name="roots">First names of paths from the root: only code spans that begin with one are taken for paths.</param>
    public static IEnumerable<string> Paths(RepoFile file, Func<string, bool> exists, IReadOnlySet<string> roots)
    {
        string folder = Path.GetDirectoryName(file.Path)!;
        foreach (Match match in Link().Matches(file.Text))
        {
            string target = match.Groups[1].Value.Split('#')[0];
            if (target.Length > 0 && !target.Contains(':', StringComparison.Ordinal) && !exists(FromRoot(Path.Combine(folder, target))))
                yield return $"{file.Path} links to {target}, which does not exist";
        }
        foreach (Match match in Code().Matches(file.Text))
        {
            string path = LineNumber().Replace(match.Groups[1].Value, "").TrimEnd('/');
            bool named = path.Contains('/', StringComparison.Ordinal) && roots.Contains(path.Split('/')[0]) && PlainPath().IsMatch(path);
            if (named && !exists(FromRoot(path)))
                yield return $"{file.Path} names {path}, which does not exist";
        }
    }

    /// <summary>Decision records have distinct numbers and the sections a reader looks for.</summary>
    public static IEnumerable<string> Decisions(IReadOnlyCollection<RepoFile> records)
    {
        foreach (IGrouping<string, RepoFile> same in records.GroupBy(record => Path.GetFileName(record.Path)[..4]).Where(group => group.Count() > 1))
            yield return $"docs/adr: number {same.Key} is used {same.Count()} times";
        foreach (RepoFile record in records)
        {
            if (!RecordName().IsMatch(Path.GetFileName(record.Path)))
                yield return $"{record.Path} is not named NNNN-what-was-decided.md";
            foreach (string section in (string[])["Status:", "## Context", "## Decision", "## Alternatives", "## What would change our mind"])
            {
                if (!record.Text.Contains(section, StringComparison.Ordinal))
                    yield return $"{record.Path} lacks '{section}'";
            }
        }
    }

    /// <summary>"ADR-0003" in a source leads somewhere.</summary>
    public static IEnumerable<string> Citations(RepoFile file, IReadOnlySet<string> numbers) =>
        Citation().Matches(file.Text).Where(match => !numbers.Contains(match.Groups[1].Value))
            .Select(match => $"{file.Path} cites {match.Value}, which does not exist");

    private static string FromRoot(string path) => Path.GetRelativePath("/", Path.GetFullPath(path, "/")).Replace('\\', '/');

    [GeneratedRegex("""\]\(([^)\s]+)\)""")]
    private static partial Regex Link();

    [GeneratedRegex("""`([^`\n]+)`""")]
    private static partial Regex Code();

    [GeneratedRegex("""(:\d+(-\d+)?|#.*)$""")]
    private static partial Regex LineNumber();

    [GeneratedRegex("""^[\w./@-]+$""")]
    private static partial Regex PlainPath();

    [GeneratedRegex("""^\d{4}-[a-z0-9-]+\.md$""")]
    private static partial Regex RecordName();

    [GeneratedRegex("""\bADR-(\d{4})\b""")]
    private static partial Regex Citation();
}
