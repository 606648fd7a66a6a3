namespace Astraea.Chart.Tests;

/// <summary>Passes when nothing was found, else prints every problem in full.</summary>
internal static class Guard
{
    public static void Clean(IEnumerable<string> problems)
    {
        string[] found = [.. problems];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }
}
