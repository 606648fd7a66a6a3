using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Astraea.Repo.Tests.Projects;

/// <summary>Who may reference whom, and how. Each guard answers with the problems it found.</summary>
internal static partial class ProjectGuards
{
    /// <summary>The only direct references each shipped project may have. A new project is entered here on purpose.</summary>
    public static IReadOnlyDictionary<string, string[]> AllowedReferences { get; } = new Dictionary<string, string[]>
    {
        ["core/Astraea.Core.csproj"] = [],
        ["simulator/Astraea.Simulator.csproj"] = ["core/Astraea.Core.csproj"],
        ["grains/Contracts/Astraea.Contracts.csproj"] = ["core/Astraea.Core.csproj"],
        ["grains/Astraea.Grains.csproj"] = ["grains/Contracts/Astraea.Contracts.csproj"],
        ["grains/Orleans/Contracts/Astraea.Grains.Orleans.Contracts.csproj"] = ["grains/Contracts/Astraea.Contracts.csproj"],
        ["grains/Orleans/Astraea.Grains.Orleans.csproj"] =
            ["grains/Astraea.Grains.csproj", "grains/Orleans/Contracts/Astraea.Grains.Orleans.Contracts.csproj"],
        ["gateway/Astraea.Gateway.csproj"] = ["grains/Astraea.Grains.csproj"],
        ["gpu-worker/Astraea.Worker.csproj"] = ["grains/Astraea.Grains.csproj"],
        ["client/Orleans/Astraea.Client.Orleans.csproj"] =
            ["client/Astraea.Client.csproj", "grains/Orleans/Contracts/Astraea.Grains.Orleans.Contracts.csproj"],
        ["silo/Astraea.Silo.csproj"] =
            ["gateway/Astraea.Gateway.csproj", "gpu-worker/Astraea.Worker.csproj", "silo/Orleans/Astraea.Silo.Orleans.csproj"],
        ["silo/Orleans/Astraea.Silo.Orleans.csproj"] = ["gateway/Astraea.Gateway.csproj", "grains/Orleans/Astraea.Grains.Orleans.csproj"],
        ["client/Astraea.Client.csproj"] = ["grains/Contracts/Astraea.Contracts.csproj"],
        ["client/Cli/Astraea.Cli.csproj"] = ["client/Astraea.Client.csproj", "grains/Contracts/Astraea.Contracts.csproj"],
        ["examples/OrleansAgent/Astraea.Examples.OrleansAgent.csproj"] = ["client/Orleans/Astraea.Client.Orleans.csproj"],
        ["bench/core/Astraea.Bench.Core.csproj"] = ["core/Astraea.Core.csproj"],
        ["bench/cluster/Astraea.Bench.Cluster.csproj"] =
            ["client/Cli/Astraea.Cli.csproj", "gpu-worker/Astraea.Worker.csproj", "grains/Orleans/Astraea.Grains.Orleans.csproj"],
        ["bench/engine/Astraea.Bench.Engine.csproj"] = ["gpu-worker/Astraea.Worker.csproj"],
        ["examples/RestAgent/Astraea.Examples.RestAgent.csproj"] = ["client/Astraea.Client.csproj"],
        ["models/Tasks/Astraea.Models.Tasks.csproj"] = [],
        ["models/TaskWriter/Astraea.Models.TaskWriter.csproj"] = ["models/Tasks/Astraea.Models.Tasks.csproj"],
        ["examples/ChatClient/Astraea.Examples.ChatClient.csproj"] = ["client/Astraea.Client.csproj"],
    };

    public static IEnumerable<string> References(RepoFile project)
    {
        bool test = IsTest(project.Path);
        string[]? allowed = AllowedReferences.GetValueOrDefault(project.Path);
        if (!test && allowed is null)
            yield return $"{project.Path} has no place in the reference graph (Projects/ProjectGuards.cs)";
        foreach (string reference in ReferencesOf(project))
        {
            if (!test && IsTest(reference))
                yield return $"{project.Path} is shipped and references the test project {reference}";
            else if (!test && allowed is not null && !allowed.Contains(reference))
                yield return $"{project.Path} may not reference {reference}";
        }
    }

    /// <summary>The only projects that see Orleans. Whoever else wants it wants an interface of grains/Contracts.</summary>
    public static IReadOnlySet<string> OrleansProjects { get; } = new HashSet<string>
    {
        "grains/Orleans/Contracts/Astraea.Grains.Orleans.Contracts.csproj", "grains/Orleans/Astraea.Grains.Orleans.csproj",
        "silo/Orleans/Astraea.Silo.Orleans.csproj", "client/Orleans/Astraea.Client.Orleans.csproj", "tests/Cluster.Tests/Astraea.Cluster.Tests.csproj",
        "examples/OrleansAgent/Astraea.Examples.OrleansAgent.csproj", "bench/cluster/Astraea.Bench.Cluster.csproj",
    };

    /// <summary>Orleans is named by few projects, and only behind its switch.</summary>
    public static IEnumerable<string> Orleans(RepoFile project)
    {
        foreach (XElement package in XDocument.Parse(project.Text).Descendants("PackageReference"))
        {
            string name = (string?)package.Attribute("Include") ?? "?";
            if (!name.StartsWith("Microsoft.Orleans.", StringComparison.Ordinal))
                continue;
            if (!OrleansProjects.Contains(project.Path))
                yield return $"{project.Path} may not see {name}";
            string condition = (string?)package.Parent?.Attribute("Condition") ?? "";
            if (!condition.Contains("'$(Orleans)' == 'true'", StringComparison.Ordinal))
                yield return $"{project.Path} references {name} whether or not the Orleans switch is on";
        }
    }

    /// <summary>The core is decisions only: analyzers that leave nothing behind, and the banned list that keeps clocks and tasks out.</summary>
    public static IEnumerable<string> Core(RepoFile project)
    {
        XDocument xml = XDocument.Parse(project.Text);
        foreach (XElement package in xml.Descendants("PackageReference").Where(p => (string?)p.Attribute("PrivateAssets") != "all"))
            yield return $"{project.Path} references the package {(string?)package.Attribute("Include")}, which is not a mere analyzer";
        foreach (XElement framework in xml.Descendants("FrameworkReference"))
            yield return $"{project.Path} references the framework {(string?)framework.Attribute("Include")}";
        if (xml.Descendants("PackageReference").All(p => (string?)p.Attribute("Include") != "Microsoft.CodeAnalysis.BannedApiAnalyzers"))
            yield return $"{project.Path} does not run the banned-symbols analyzer";
        if (xml.Descendants("AdditionalFiles").All(f => (string?)f.Attribute("Include") != "BannedSymbols.txt"))
            yield return $"{project.Path} does not hand BannedSymbols.txt to the analyzer";
    }

    /// <summary>The banned list names what would make a decision depend on the machine it is taken on, each with a reason.</summary>
    public static IEnumerable<string> BannedList(string text)
    {
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (string line in lines.Where(line => !BannedLine().IsMatch(line)))
            yield return $"BannedSymbols.txt: '{line}' is not 'symbol;reason'";
        string[] needed =
        [
            "P:System.DateTime.UtcNow", "P:System.DateTimeOffset.UtcNow", "T:System.Diagnostics.Stopwatch", "P:System.Random.Shared",
            "M:System.Guid.NewGuid", "T:System.Threading.Tasks.Task", "T:System.HashCode", "M:System.String.GetHashCode", "N:System.IO",
        ];
        foreach (string symbol in needed.Where(symbol => !lines.Any(line => line.StartsWith(symbol + ";", StringComparison.Ordinal))))
            yield return $"BannedSymbols.txt does not ban {symbol}";
    }

    public static IEnumerable<string> Packages(RepoFile project, string central)
    {
        HashSet<string?> versions = [.. XDocument.Parse(central).Descendants("PackageVersion").Select(p => (string?)p.Attribute("Include"))];
        foreach (XElement package in XDocument.Parse(project.Text).Descendants("PackageReference"))
        {
            string name = (string?)package.Attribute("Include") ?? "?";
            if (package.Attribute("Version") is not null || package.Attribute("VersionOverride") is not null || package.Element("Version") is not null)
                yield return $"{project.Path} states a version of {name} of its own";
            if (!versions.Contains(name))
                yield return $"{project.Path}: Directory.Packages.props has no version of {name}";
        }
    }

    public static IEnumerable<string> Solution(string solution, IEnumerable<string> projects)
    {
        HashSet<string> listed = [.. SolutionProject().Matches(solution).Select(match => match.Groups[1].Value.Replace('\\', '/'))];
        return projects.Where(path => !listed.Contains(path)).Select(path => $"Astraea.sln does not list {path}")
            .Concat(listed.Except(projects).Select(path => $"Astraea.sln lists {path}, which does not exist"));
    }

    private static bool IsTest(string path) => path.StartsWith("tests/", StringComparison.Ordinal);

    private static IEnumerable<string> ReferencesOf(RepoFile project)
    {
        string folder = Path.GetDirectoryName(project.Path)!;
        foreach (XElement reference in XDocument.Parse(project.Text).Descendants("ProjectReference"))
            yield return Normalise(Path.Combine(folder, ((string)reference.Attribute("Include")!).Replace('\\', '/')));
    }

    private static string Normalise(string path) => Path.GetRelativePath("/", Path.GetFullPath(path, "/")).Replace('\\', '/');

    [GeneratedRegex("""^[TPMFEN]:[^;\s]+;\S.*$""")]
    private static partial Regex BannedLine();

    [GeneratedRegex("""^Project\("[^"]+"\) = "[^"]+", "([^"]+\.csproj)",""", RegexOptions.Multiline)]
    private static partial Regex SolutionProject();
}
