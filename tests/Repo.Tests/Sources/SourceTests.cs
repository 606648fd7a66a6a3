using System.Xml.Linq;

namespace Astraea.Repo.Tests.Sources;

public sealed class SourceTests
{
    // This folder holds bad samples on purpose.
    private static IEnumerable<RepoFile> OtherSources => Repository.Sources.Where(file => !file.Path.StartsWith("tests/Repo.Tests/", StringComparison.Ordinal));

    private static IEnumerable<RepoFile> Shipped => Repository.Sources.Where(file => !file.Path.StartsWith("tests/", StringComparison.Ordinal));

    [Fact]
    public void Files_stay_short() => Guard.Clean(Repository.Sources.SelectMany(file => SourceGuards.FileLength(file, SourceGuards.LongFiles)));

    [Fact]
    public void Members_stay_short() => Guard.Clean(Repository.Sources.SelectMany(SourceGuards.MemberLength));

    [Fact]
    public void No_file_names_a_place_on_one_machine() => Guard.Clean(Repository.Files
        .Where(path => !path.StartsWith("tests/Repo.Tests/", StringComparison.Ordinal) && !path.StartsWith("deploy/", StringComparison.Ordinal))
        .Where(path => Path.GetExtension(path) is ".cs" or ".csproj" or ".props" or ".md" or ".sh" or ".json" or "" && new FileInfo(Path.Combine(Repository.Root, path)).Length < 1 << 20)
        .Select(Repository.Read).SelectMany(SourceGuards.MachinePaths));

    [Fact]
    public void Nothing_is_left_for_later() => Guard.Clean(OtherSources.SelectMany(SourceGuards.Stubs));

    [Fact]
    public void Lines_and_files_end_as_they_should() => Guard.Clean(Repository.Sources.SelectMany(SourceGuards.Form));

    [Fact]
    public void Log_event_ids_are_unique() => Guard.Clean(SourceGuards.EventIds(Shipped));

    [Fact]
    public void Options_say_what_they_do_and_their_default() =>
        Guard.Clean(Shipped.Where(file => file.Path.EndsWith("Options.cs", StringComparison.Ordinal)).SelectMany(SourceGuards.Options));

    [Fact]
    public void Namespaces_follow_folders()
    {
        (string Folder, string Namespace)[] projects =
        [
            .. Repository.Projects.Where(project => !project.Path.StartsWith("tests/", StringComparison.Ordinal))
                .Select(project => (Path.GetDirectoryName(project.Path)!.Replace('\\', '/'), XDocument.Parse(project.Text).Descendants("RootNamespace").Single().Value))
                .OrderByDescending(project => project.Item1.Length),
        ];
        Guard.Clean(Shipped.SelectMany(file =>
        {
            (string folder, string root) = projects.First(project => file.Path.StartsWith(project.Folder + "/", StringComparison.Ordinal));
            return SourceGuards.Namespaces(file, folder, root);
        }));
    }

    [Fact]
    public void A_long_file_and_an_exception_without_need_are_found()
    {
        var exceptions = new Dictionary<string, int> { ["long.cs"] = 500 };
        Assert.Empty(SourceGuards.FileLength(Lines("short.cs", 400), exceptions));
        Assert.Single(SourceGuards.FileLength(Lines("short.cs", 401), exceptions));
        Assert.Empty(SourceGuards.FileLength(Lines("long.cs", 500), exceptions));
        Assert.Single(SourceGuards.FileLength(Lines("long.cs", 501), exceptions));
        Assert.Single(SourceGuards.FileLength(Lines("long.cs", 300), exceptions));
    }

    [Fact]
    public void A_long_member_is_found_whatever_braces_stand_in_its_strings()
    {
        string body = string.Concat(Enumerable.Repeat("            Say(\"}\", '{', $\"{new { A = \"}\" }}\", @\"\\\", \"\"\"{\"\"\"); // }\n", 97));
        string Source(string extra) => $$"""
            namespace A.B;
            public sealed class C<T> where T : class
            {
                public int Before { get; init; } = 5;
                public int After<U>(int a) where U : class
                {
            {{body}}{{extra}}    }
                private readonly int[] _field = [1, 2];
            }
            """;
        Assert.Empty(SourceGuards.MemberLength(new RepoFile("a.cs", Source(""))));
        string problem = Assert.Single(SourceGuards.MemberLength(new RepoFile("a.cs", Source("\n"))));
        Assert.Contains("After<U>", problem, StringComparison.Ordinal);
        Assert.Contains("101 lines", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("var a = \"/home/me/model\";", 1)]
    [InlineData("cat (/tmp/x) /home/y", 2)]
    [InlineData("GET /v1/home/x, ~/tmp/x, https://host/tmp/x, $DIR/tmp/x", 0)]
    public void A_place_on_one_machine_is_found(string text, int problems) =>
        Assert.Equal(problems, SourceGuards.MachinePaths(new RepoFile("a.cs", text)).Count());

    [Fact]
    public void A_stub_is_found()
    {
        Assert.Single(SourceGuards.Stubs(new RepoFile("a.cs", "int F() => throw new NotImplementedException();")));
        Assert.Single(SourceGuards.Stubs(new RepoFile("a.cs", "int F() => 1; // TODO: think")));
        Assert.Empty(SourceGuards.Stubs(new RepoFile("a.cs", "string F() => \"new NotImplementedException()\";")));
    }

    [Theory]
    [InlineData("a\n", 0), InlineData("a", 1), InlineData("a\n\n", 1), InlineData("a \n", 1), InlineData("\ta\n", 1), InlineData("a\r\n", 1)]
    public void A_line_or_a_file_that_ends_badly_is_found(string text, int problems) =>
        Assert.Equal(problems, SourceGuards.Form(new RepoFile("a.cs", text)).Count());

    [Fact]
    public void A_log_event_id_used_twice_or_left_out_is_found()
    {
        RepoFile one = new("one.cs", "[LoggerMessage(EventId = 7, Level = LogLevel.Warning, Message = \"a\")] [LoggerMessage(8, LogLevel.Debug, \"b\")]");
        Assert.Empty(SourceGuards.EventIds([one]));
        Assert.Equal(2, SourceGuards.EventIds([one, new RepoFile("two.cs", "[LoggerMessage(EventId = 8)] [LoggerMessage(Level = LogLevel.Debug)]")]).Count());
    }

    [Fact]
    public void A_namespace_unlike_its_folder_is_found()
    {
        Assert.Empty(SourceGuards.Namespaces(new RepoFile("core/KvCache/X.cs", "namespace Astraea.Core.KvCache;\n"), "core", "Astraea.Core"));
        Assert.Single(SourceGuards.Namespaces(new RepoFile("core/KvCache/X.cs", "namespace Astraea.Core;\n"), "core", "Astraea.Core"));
        Assert.Empty(SourceGuards.Namespaces(new RepoFile("silo/Program.cs", "return 0;\n"), "silo", "Astraea.Silo"));
    }

    [Fact]
    public void An_option_without_words_or_default_is_found()
    {
        RepoFile file = new("XOptions.cs", """
            public sealed record XOptions
            {
                public int Silent { get; init; }

                /// <summary>Blocks. More is more.</summary>
                [Range(1, 5)]
                public int Blocks { get; set; }

                /// <summary>Wait (ms). Default: none.</summary>
                public int WaitMs { get; init; }

                /// <summary>Slots.</summary>
                public int Slots { get; init; } = 5;

                /// <summary>The file.</summary>
                public required string Path { get; init; }
            }
            """);
        Assert.Equal(["XOptions.cs: option Silent is not explained", "XOptions.cs: option Blocks does not state its default"], SourceGuards.Options(file));
    }

    private static RepoFile Lines(string path, int lines) => new(path, string.Concat(Enumerable.Repeat("x\n", lines)));
}
