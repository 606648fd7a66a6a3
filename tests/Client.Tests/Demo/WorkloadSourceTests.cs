using System.IO.Compression;
using System.Text;
using Astraea.Cli.Demo;

namespace Astraea.Client.Tests.Demo;

public sealed class WorkloadSourceTests
{
    private const string Fits = """{"id":"a","category":"x","segments":[{"new":1,"out":1,"tool":"t","dur":null},{"new":1,"out":1}]}""";
    private const string TooLong = """{"id":"b","category":"x","segments":[{"new":9000,"out":1}]}""";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_is_read_plain_or_packed_and_what_does_not_fit_is_counted(bool packed)
    {
        string path = await WriteAsync($"{Fits}\n{TooLong}\n", packed);

        WorkloadSource source = WorkloadSource.Open(path, 2);

        Assert.Contains("2 requests, 1 excluded", source.Description, StringComparison.Ordinal);
        Assert.Equal(["a", "a#2", "a#3"], source.Take(1, 3).Select(static r => r.Id).Order());
        Assert.All(source.Take(1, 3), static r => Assert.NotNull(r.Segments[0].ToolSeconds));
    }

    [Theory]
    [InlineData("{", "line 1: not JSON")]
    [InlineData(TooLong, "none of its 1 requests fits")]
    public async Task A_bad_file_is_refused_with_its_name_and_line(string content, string why)
    {
        string path = await WriteAsync(content, packed: false);
        DemoException refused = Assert.Throws<DemoException>(() => WorkloadSource.Open(path, 1));
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_refused() =>
        Assert.Contains("cannot be read", Assert.Throws<DemoException>(static () => WorkloadSource.Open("/nowhere/x.jsonl", 1)).Message, StringComparison.Ordinal);

    private static async Task<string> WriteAsync(string content, bool packed)
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory().FullName, packed ? "w.jsonl.gz" : "w.jsonl");
        await using FileStream file = File.Create(path);
        await using Stream plain = packed ? new GZipStream(file, CompressionLevel.Fastest) : file;
        await plain.WriteAsync(Encoding.UTF8.GetBytes(content));
        return path;
    }
}
