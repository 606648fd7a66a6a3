namespace Astraea.Silo.Tests.EndToEnd;

/// <summary>A silo that cannot start says why in one line and ends with 2; it does not serve half of what was asked.</summary>
public sealed class BadStartTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("astraea-silo-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("Astraea:Scheduler:Policy=lottery", "Astraea:Scheduler:Policy")]
    [InlineData("Astraea:Worker:Count=0", "Count")]
    [InlineData("Astraea:Gateway:ApiKeys:0:Key=short", "Astraea:Gateway:ApiKeys:0:Key")]
    [InlineData("Astraea:Model:Path=no/such/folder", "Astraea:Model:Path")]
    [InlineData("Astraea:Roles=gateway", "Astraea:Roles")]
    public async Task A_setting_that_does_not_work_is_named(string setting, string named) =>
        AssertRefused(await Assert.ThrowsAsync<InvalidOperationException>(() => SiloProcess.StartAsync(_folder.FullName, setting)), named);

    [Fact]
    public async Task A_damaged_history_is_named()
    {
        string file = Path.Combine(_folder.FullName, "history.db");
        await File.WriteAllTextAsync(file, new string('x', 8192));
        AssertRefused(await Assert.ThrowsAsync<InvalidOperationException>(() => SiloProcess.StartAsync(_folder.FullName)), file);
    }

    [Fact]
    public async Task A_second_silo_on_the_same_folder_is_refused_and_the_first_serves_on()
    {
        await using SiloProcess first = await SiloProcess.StartAsync(_folder.FullName);
        AssertRefused(await Assert.ThrowsAsync<InvalidOperationException>(() => SiloProcess.StartAsync(_folder.FullName)), "in use by another process");
        using var client = new SiloClient(first.Address);
        Assert.NotEmpty(await client.ModelAsync());
    }

    private static void AssertRefused(InvalidOperationException e, string named)
    {
        Assert.StartsWith("The silo ended with 2 ", e.Message, StringComparison.Ordinal);
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", e.Message, StringComparison.Ordinal);
    }
}
