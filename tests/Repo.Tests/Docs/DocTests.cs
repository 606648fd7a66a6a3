namespace Astraea.Repo.Tests.Docs;

public sealed class DocTests
{
    private static readonly HashSet<string> _roots = [.. Repository.Files.Select(path => path.Split('/')[0])];

    private static IEnumerable<RepoFile> Documents => Repository.Files
        .Where(path => path == "README.md" || (path.StartsWith("docs/", StringComparison.Ordinal) && path.EndsWith(".md", StringComparison.Ordinal)))
        .Select(Repository.Read);

    private static RepoFile[] Records => [.. Documents.Where(file => file.Path.StartsWith("docs/adr/", StringComparison.Ordinal))];

    [Fact]
    public void Paths_named_in_documents_exist() => Guard.Clean(Documents.SelectMany(file => DocGuards.Paths(file, Exists, _roots)));

    [Fact]
    public void Decisions_are_numbered_and_complete()
    {
        Assert.NotEmpty(Records);
        Guard.Clean(DocGuards.Decisions(Records));
    }

    [Fact]
    public void Decisions_cited_in_sources_exist()
    {
        HashSet<string> numbers = [.. Records.Select(record => Path.GetFileName(record.Path)[..4])];
        Guard.Clean(Repository.Sources.Where(file => !file.Path.StartsWith("tests/Repo.Tests/", StringComparison.Ordinal))
            .SelectMany(file => DocGuards.Citations(file, numbers)));
    }

    [Fact]
    public void A_path_that_does_not_exist_is_found()
    {
        RepoFile document = new("docs/A.md",
            "`core/Gone.cs:12` and [gone](adr/9999-gone.md), but `core/There.cs:3`, `POST /v1/x`, `core/*.cs`, `other/thing`, [web](https://a.b/c), [here](#x).");
        Assert.Equal(
            ["docs/A.md links to adr/9999-gone.md, which does not exist", "docs/A.md names core/Gone.cs, which does not exist"],
            DocGuards.Paths(document, path => path == "core/There.cs", new HashSet<string> { "core", "docs" }));
    }

    [Fact]
    public void A_decision_with_a_taken_number_or_without_a_section_is_found()
    {
        RepoFile good = new("docs/adr/0001-a.md", "Status: accepted\n## Context\n## Decision\n## Alternatives\n## What would change our mind\n");
        Assert.Empty(DocGuards.Decisions([good]));
        Assert.Single(DocGuards.Decisions([good, good with { Path = "docs/adr/0001-b.md" }]));
        Assert.Single(DocGuards.Decisions([good with { Text = good.Text.Replace("## Alternatives\n", "", StringComparison.Ordinal) }]));
        Assert.Single(DocGuards.Decisions([good with { Path = "docs/adr/0002 Some words.md" }]));
    }

    [Fact]
    public void A_citation_of_no_decision_is_found() =>
        Assert.Single(DocGuards.Citations(new RepoFile("a.cs", "// ADR-0001, ADR-0002"), new HashSet<string> { "0001" }));

    private static bool Exists(string path) => File.Exists(Path.Combine(Repository.Root, path)) || Directory.Exists(Path.Combine(Repository.Root, path));
}
