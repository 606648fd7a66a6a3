namespace Astraea.Repo.Tests;

/// <summary>Passes when a guard found nothing, else prints every problem in full.</summary>
internal static class Guard
{
    public static void Clean(IEnumerable<string> problems)
    {
        string[] found = [.. problems];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }
}
