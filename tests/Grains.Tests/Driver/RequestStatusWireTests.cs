using System.Text;
using Astraea.Core;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;

namespace Astraea.Grains.Tests.Driver;

/// <summary>Pictures in the live index are read by nodes of another version: their stored form is held by a golden file.</summary>
public sealed class RequestStatusWireTests
{
    private static readonly string s_golden = Path.Combine(AppContext.BaseDirectory, "Driver", "RequestStatus.golden.jsonl");

    [Fact]
    public void Every_picture_is_written_as_the_golden_file_says()
    {
        string[] written = [.. Samples().Select(s => Encoding.UTF8.GetString(RequestStatusCodec.Encode(s).Span))];
        // A wanted change of shape only adds fields; then write the file anew with this variable.
        if (Environment.GetEnvironmentVariable("ASTRAEA_WRITE_STATUS_GOLDEN") is { Length: > 0 } path)
            File.WriteAllLines(path, written);
        Assert.Equal(File.ReadAllLines(s_golden), written);
    }

    [Fact]
    public void Every_line_of_the_golden_file_reads_back_to_what_was_written()
    {
        foreach ((string line, RequestStatus sample) in File.ReadAllLines(s_golden).Zip(Samples()))
        {
            RequestStatus read = RequestStatusCodec.Decode(Encoding.UTF8.GetBytes(line));
            Assert.Equal(sample.Ended.AsEnumerable(), read.Ended);
            Assert.Equal(sample, read with { Ended = sample.Ended });
        }
    }

    [Fact]
    public void Fields_of_a_newer_version_are_passed_over()
    {
        RequestStatus sample = Samples()[0];
        string line = Encoding.UTF8.GetString(RequestStatusCodec.Encode(sample).Span);
        RequestStatus read = RequestStatusCodec.Decode(Encoding.UTF8.GetBytes(line.Insert(1, """ "mood":{"deep":[1,2]},""")));
        Assert.Equal(sample, read with { Ended = sample.Ended });
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("{\"version\":\"many\"}")]
    public void What_is_no_picture_is_told_as_a_format_fault(string line) =>
        Assert.Throws<FormatException>(() => RequestStatusCodec.Decode(Encoding.UTF8.GetBytes(line)));

    private static RequestStatus[] Samples()
    {
        Instant at = new(17_999_999_999_999_999);
        KvPlace kv = new(new WorkerId("w0"), 48, 16, "00ff", KvDecision.Swap, "pressure 0.7 of 0.6");
        return
        [
            new RequestStatus(
                new RequestId(UInt128.MaxValue), 12, new PoolId("pool"), new TenantId("tenant"), "math", RequestPhase.Running, at, new Instant(5), 2, 3,
                new WorkerId("w0"), 120, 20, 8, 64, TimeSpan.FromMilliseconds(1234.5), 0.125, 4, "look 東京", kv,
                [new SegmentOutcome(100, 30, 0.1, "look 東京", 1.5), new SegmentOutcome(10, 3, 0.025, null, null)])
            {
                Parent = new RequestId(7),
            },
            new RequestStatus(
                new RequestId(1), 1, new PoolId("pool"), new TenantId("tenant"), "", RequestPhase.Ready, at, at, 0, 0, null, 3, 0, 0, 1, TimeSpan.Zero, 0, -1,
                null, null, []),
        ];
    }
}
