using System.Text.RegularExpressions;

namespace Astraea.Repo.Tests.Sources;

/// <summary>A shell gives identity and transport. What it decides belongs to the core, and it is short enough to see that it decides nothing.</summary>
public sealed partial class ShellTests
{
    private const int OrleansLinesMax = 500;

    [Fact]
    public void The_Orleans_shell_is_thin()
    {
        int lines = Shell("grains/Orleans/").Sum(file => file.Text.Count(c => c == '\n'));
        Assert.True(lines <= OrleansLinesMax, $"grains/Orleans has {lines} lines; {OrleansLinesMax} are enough for a shell");
    }

    [Theory]
    [InlineData("grains/Orleans/"), InlineData("grains/Local/")]
    public void A_shell_contains_no_policy(string shell) => Guard.Clean(Shell(shell).SelectMany(PolicyIn));

    [Fact]
    public void Policy_in_a_shell_is_found() => Assert.Equal(2, PolicyIn(new RepoFile("grains/Orleans/X.cs", """
        using Astraea.Core.Placement;
        if (lease.Inputs.Level > 3)
        """)).Count());

    private static IEnumerable<RepoFile> Shell(string folder) => Repository.Sources.Where(file => file.Path.StartsWith(folder, StringComparison.Ordinal));

    /// <summary>Looking into what ranks, places or keeps is the beginning of policy: a shell only carries such things.</summary>
    private static IEnumerable<string> PolicyIn(RepoFile file) => file.Text.Split('\n')
        .Where(line => Deciding().IsMatch(line))
        .Select(line => $"{file.Path} decides: {line.Trim()}");

    [GeneratedRegex(@"using Astraea\.Core\.(KvCache|Placement|Prediction)|\b(if|while|switch|\?)\b?.*\.(Level|Score|Inputs|Waited|AttainedSeconds|Leases|Migrations|BlocksFree)\b")]
    private static partial Regex Deciding();
}
