namespace Astraea.Repo.Tests.Projects;

public sealed class ProjectTests
{
    private static readonly string _packages = Repository.Read("Directory.Packages.props").Text;

    [Fact]
    public void References_run_one_way() => Guard.Clean(Repository.Projects.SelectMany(ProjectGuards.References));

    [Fact]
    public void Orleans_is_seen_by_few_and_only_behind_its_switch() => Guard.Clean(Repository.Projects.SelectMany(ProjectGuards.Orleans));

    [Fact]
    public void Orleans_outside_its_projects_or_its_switch_is_found()
    {
        Assert.Equal(2, ProjectGuards.Orleans(Project("core/Astraea.Core.csproj", """<PackageReference Include="Microsoft.Orleans.Sdk" />""")).Count());
        Assert.Single(ProjectGuards.Orleans(Project("grains/Orleans/Astraea.Grains.Orleans.csproj", """<PackageReference Include="Microsoft.Orleans.Sdk" />""")));
    }

    [Fact]
    public void The_core_references_nothing_but_analyzers() => Guard.Clean(ProjectGuards.Core(Repository.Read("core/Astraea.Core.csproj")));

    [Fact]
    public void The_banned_list_bans_clocks_chance_tasks_and_files() =>
        Guard.Clean(ProjectGuards.BannedList(Repository.Read("core/BannedSymbols.txt").Text));

    [Fact]
    public void Package_versions_are_central() => Guard.Clean(Repository.Projects.SelectMany(project => ProjectGuards.Packages(project, _packages)));

    [Fact]
    public void The_solution_lists_every_project() =>
        Guard.Clean(ProjectGuards.Solution(Repository.Read("Astraea.sln").Text, Repository.Projects.Select(project => project.Path)));

    [Theory]
    [InlineData("core"), InlineData("grains/Contracts"), InlineData("grains/Driver"), InlineData("gpu-worker")]
    [InlineData("gateway"), InlineData("silo/Storage"), InlineData("client/Cli"), InlineData("deploy/helm/astraea"), InlineData("deploy/docker")]
    [InlineData("tests"), InlineData("docs/adr"), InlineData(".ci")]
    public void The_folders_of_the_layout_are_there(string folder) =>
        Assert.True(Directory.Exists(Path.Combine(Repository.Root, folder)), $"{folder} is missing");

    [Fact]
    public void A_reference_against_the_direction_is_found()
    {
        RepoFile core = Project("core/Astraea.Core.csproj", """<ProjectReference Include="..\grains\Astraea.Grains.csproj" />""");
        Assert.Equal(["core/Astraea.Core.csproj may not reference grains/Astraea.Grains.csproj"], ProjectGuards.References(core));
        RepoFile cli = Project("client/Cli/Astraea.Cli.csproj", """<ProjectReference Include="../../silo/Astraea.Silo.csproj" />""");
        Assert.Single(ProjectGuards.References(cli));
        RepoFile gateway = Project("gateway/Astraea.Gateway.csproj", """<ProjectReference Include="../tests/Core.Tests/Astraea.Core.Tests.csproj" />""");
        Assert.Contains("is shipped and references the test project", Assert.Single(ProjectGuards.References(gateway)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_project_outside_the_graph_is_found() =>
        Assert.Contains("has no place", Assert.Single(ProjectGuards.References(Project("extra/Extra.csproj", ""))), StringComparison.Ordinal);

    [Fact]
    public void A_core_with_packages_or_without_its_banned_list_is_found()
    {
        string[] problems = [.. ProjectGuards.Core(Project("core/Astraea.Core.csproj",
            """<PackageReference Include="Newtonsoft.Json" /><FrameworkReference Include="Microsoft.AspNetCore.App" />"""))];
        Assert.Equal(4, problems.Length);
    }

    [Fact]
    public void A_hole_in_the_banned_list_is_found()
    {
        string list = Repository.Read("core/BannedSymbols.txt").Text;
        Assert.Equal(["BannedSymbols.txt does not ban M:System.Guid.NewGuid"],
            ProjectGuards.BannedList(list.Replace("M:System.Guid.NewGuid;", "M:System.Guid.Other;", StringComparison.Ordinal)));
        Assert.Single(ProjectGuards.BannedList(list + "T:System.Lazy`1\n"));
    }

    [Fact]
    public void A_version_in_a_project_and_a_package_without_central_version_are_found()
    {
        RepoFile project = Project("silo/Astraea.Silo.csproj",
            """<PackageReference Include="YamlDotNet" Version="1.0.0" /><PackageReference Include="Unheard.Of" />""");
        Assert.Equal(2, ProjectGuards.Packages(project, _packages).Count());
    }

    [Fact]
    public void A_project_missing_from_the_solution_and_one_too_many_are_found()
    {
        const string Solution = """Project("{X}") = "Astraea.Core", "core\Astraea.Core.csproj", "{Y}" """;
        Assert.Empty(ProjectGuards.Solution(Solution, ["core/Astraea.Core.csproj"]));
        Assert.Equal(2, ProjectGuards.Solution(Solution, ["silo/Astraea.Silo.csproj"]).Count());
    }

    private static RepoFile Project(string path, string items) => new(path, $"<Project><ItemGroup>{items}</ItemGroup></Project>");
}
