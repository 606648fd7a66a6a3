namespace Astraea.Repo.Tests;

/// <summary>The files of this repository, as they stand around the test's assembly.</summary>
internal static class Repository
{
    private static readonly string[] _skipped = [".git", "bin", "obj", "TestResults", ".vs", ".idea", ".astraea", "node_modules"];

    /// <summary>The folder with Astraea.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every file that is kept, by path from the root with forward slashes.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. Walk(Root).Order(StringComparer.Ordinal)];

    /// <summary>C# sources, shipped and tests.</summary>
    public static IEnumerable<RepoFile> Sources => Files.Where(path => path.EndsWith(".cs", StringComparison.Ordinal)).Select(Read);

    /// <summary>Project files.</summary>
    public static IEnumerable<RepoFile> Projects => Files.Where(path => path.EndsWith(".csproj", StringComparison.Ordinal)).Select(Read);

    public static RepoFile Read(string path) => new(path, File.ReadAllText(Path.Combine(Root, path)));

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Astraea.sln")))
                return folder.FullName;
        }
        throw new InvalidOperationException($"No Astraea.sln above {AppContext.BaseDirectory}.");
    }

    private static IEnumerable<string> Walk(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder))
        {
            if (Path.GetFileName(file) != ".git")
                yield return Path.GetRelativePath(Root, file).Replace('\\', '/');
        }
        foreach (string inner in Directory.EnumerateDirectories(folder))
        {
            if (_skipped.Contains(Path.GetFileName(inner)))
                continue;
            foreach (string file in Walk(inner))
                yield return file;
        }
    }
}

/// <summary>A file of the repository, or a sample of one.</summary>
/// <param name="Path">From the root, with forward slashes.</param>
/// <param name="Text">What it holds.</param>
internal sealed record RepoFile(string Path, string Text);
