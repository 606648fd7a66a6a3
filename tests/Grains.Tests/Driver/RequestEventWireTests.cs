using System.Text;
using Astraea.Core;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;

namespace Astraea.Grains.Tests.Driver;

/// <summary>Histories outlive versions: the stored form of every event is held by a golden file, and old lines must read for ever.</summary>
public sealed class RequestEventWireTests
{
    private static readonly string s_golden = Path.Combine(AppContext.BaseDirectory, "Driver", "RequestEvents.golden.jsonl");

    private readonly RequestEventCodec _codec = new();

    [Fact]
    public void Every_event_is_written_as_the_golden_file_says()
    {
        string[] written = [.. Samples().Select(e => Encoding.UTF8.GetString(_codec.Encode(e).Span))];
        // A wanted change of shape is a new record version, its old line kept; then write the file anew with this variable.
        if (Environment.GetEnvironmentVariable("ASTRAEA_WRITE_GOLDEN") is { Length: > 0 } path)
            File.WriteAllLines(path, written);
        Assert.Equal(File.ReadAllLines(s_golden), written);
    }

    [Fact]
    public void Every_line_of_the_golden_file_reads_back_to_what_was_written()
    {
        foreach (string line in File.ReadAllLines(s_golden))
            Assert.Equal(line, Encoding.UTF8.GetString(_codec.Encode(_codec.Decode(Encoding.UTF8.GetBytes(line))).Span));
    }

    [Fact]
    public void There_is_a_sample_of_every_kind_of_event()
    {
        IEnumerable<Type> kinds = typeof(RequestEvent).GetNestedTypes().Where(t => t.IsSubclassOf(typeof(RequestEvent)));
        Assert.Equal(kinds.Select(t => t.Name).Order(), Samples().Select(e => e.GetType().Name).Distinct().Order());
    }

    [Fact]
    public void Fields_of_a_newer_version_are_passed_over()
    {
        RequestEvent read = _codec.Decode("""{"e":"completed.1","at":5,"mood":{"deep":[1,2]}}"""u8);
        Assert.Equal(new RequestEvent.RequestCompleted(new Instant(5)), read);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"e\":\"completed.2\",\"at\":5}")]
    [InlineData("{\"e\":\"completed.1\",\"at\":\"soon\"}")]
    [InlineData("{\"e\":\"completed.1\"")]
    [InlineData("")]
    public void What_is_no_event_is_told_as_a_format_fault(string line) =>
        Assert.Throws<FormatException>(() => _codec.Decode(Encoding.UTF8.GetBytes(line)));

    private static RequestEvent[] Samples()
    {
        Instant at = new(17_999_999_999_999_999);
        RequestId id = new(UInt128.MaxValue);
        KvPlace kv = new(new WorkerId("w0"), 48, 16, "00ff", KvDecision.Swap, "pressure 0.7 of 0.6");
        SegmentUsage usage = new(100, 80, 5, 30, 2, 4096, 2048, 1024, 0.125, 1);
        SegmentSpec spec = new(64, 8, true, new Sampling(0.7, 0.9, 40, ulong.MaxValue, 0.5, -0.5), ["\n\n", "§"], ToolMode.Named, "look", "[{}]", true);
        return
        [
            new RequestEvent.Submitted(
                new TenantId("tenant"), new PoolId("pool"), "math", id, new RequestId(1), new Exchange(0, "key", "hash"), """[{"role":"user"}]""", [1, 2, 3], spec, at),
            new RequestEvent.Submitted(
                new TenantId("tenant"), new PoolId("pool"), "", null, id, new Exchange(0, null, "hash"), "[]", [1],
                new SegmentSpec(1, 0, false, new Sampling(), [], ToolMode.None, null, null, false), at),
            new RequestEvent.SegmentStarted(1, 2, new WorkerId("w0"), 3, 4, "score 1.5, level 0", at),
            new RequestEvent.TokensGenerated(1, 2, 7, [100, 200], at),
            new RequestEvent.SegmentReturned(1, 2, "draining", usage, at),
            new RequestEvent.SegmentEnded(1, 2, FinishReason.ToolCalls, [new ToolCall("call_x0", "look", """{"at":"東京"}""")], usage, kv, at),
            new RequestEvent.SegmentEnded(1, 2, FinishReason.Stop, [], usage, null, at),
            new RequestEvent.ToolResultsPosted(new Exchange(1, "key 2", "hash 2"), "[]", 110, [4, 5], spec, at),
            new RequestEvent.KvMoved(kv, at),
            new RequestEvent.RequestCompleted(at),
            new RequestEvent.RequestFailed("tool_timeout", "No tool results came.", at),
            new RequestEvent.RequestCancelled("unread", at),
        ];
    }
}
