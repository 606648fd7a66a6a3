using System.Text;
using Astraea.Contracts;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Identity;
using Astraea.Gateway.Streaming;
using Astraea.Gateway.Tests.Fakes;

namespace Astraea.Gateway.Tests;

/// <summary>The projections as pure folds: what happens to workers and readers must not show in the wire.</summary>
public sealed class ProjectionTests
{
    private static readonly LetterText Text = new();

    [Fact]
    public async Task A_segment_that_changed_its_worker_shows_one_unbroken_answer()
    {
        IReadOnlyList<RecordedEvent> smooth = await HistoryAsync();
        List<RequestEvent> bumpy = [.. smooth.Select(e => e.Event)];
        int tokens = bumpy.FindIndex(e => e is RequestEvent.TokensGenerated);
        RequestEvent.SegmentStarted started = bumpy.OfType<RequestEvent.SegmentStarted>().First();
        bumpy.Insert(tokens + 1, new RequestEvent.SegmentReturned(0, 1, "draining", SegmentUsage.Zero, started.At));
        bumpy.Insert(tokens + 2, started with { Attempt = 2, Worker = new WorkerId("w1") });

        Assert.Equal(Wire([.. smooth.Select(e => e.Event)], 0), Wire(bumpy, 0));
    }

    [Fact]
    public async Task A_later_exchange_reads_the_same_from_its_own_start_as_from_the_beginning()
    {
        IReadOnlyList<RecordedEvent> history = await HistoryAsync();
        TranscriptFold transcript = new(default, Text);
        foreach (RecordedEvent recorded in history)
            transcript.Apply(recorded);
        ExchangeMark second = transcript.Exchanges[1];

        List<RequestEvent> rest = [.. history.Where(e => e.Version > second.After).Select(e => e.Event)];

        Assert.Equal(1, second.CallsBefore);
        Assert.Equal(Wire([.. history.Select(e => e.Event)], 1), Wire(rest, 1, second.CallsBefore, history));
    }

    [Fact]
    public async Task A_transcript_holds_every_turn_with_the_tokens_that_made_it()
    {
        TranscriptFold transcript = new(default, Text);
        foreach (RecordedEvent recorded in await HistoryAsync())
            transcript.Apply(recorded);

        Assert.Equal(["Hi", "Wait", "seen", "Done."], transcript.Items.Select(i => i.Text));
        Assert.Equal([.. LetterText.Letters("Wait"), .. LetterText.Call("look", "{}")], transcript.Items[1].OutputTokens.ToArray());
        Assert.Equal([2, 4], transcript.Exchanges.Select(e => e.ItemsEnd));
        Assert.Equal(["look"], transcript.Exchanges[0].Calls.Select(c => c.Name));
        Assert.Empty(transcript.Exchanges[1].Calls);
    }

    /// <summary>A real history of two exchanges, made through the front door.</summary>
    private static async Task<IReadOnlyList<RecordedEvent>> HistoryAsync()
    {
        await using GatewayHost host = await GatewayHost.StartAsync();
        host.Agents.Script = _ => host.Agents.Work.Count == 1 ? ScriptedSegment.CallTools("Wait", ("look", "{}")) : ScriptedSegment.Say("Do", "ne.");
        using HttpResponseMessage answer = await host.Client.SendAsync(GatewayHost.Post(
            "/v1/responses", """{"model":"letters","input":"Hi","tools":[{"type":"function","name":"look"}]}""", "k"));
        RequestId id = GatewayHost.RequestOf(answer);
        await host.PostAsync("/v1/responses", $$"""
            {"model":"letters","previous_response_id":"resp_{{id}}0","input":[{"type":"function_call_output","call_id":"{{new CallId(id, 0)}}","output":"seen"}]}
            """);
        return host.Agents.History(id);
    }

    private static string Wire(List<RequestEvent> events, int ordinal, int callsBefore = 0, IReadOnlyList<RecordedEvent>? whole = null)
    {
        Assert.True(whole is null || events.Count < whole.Count);
        ExchangeFold fold = new(default, ordinal, callsBefore, Text);
        ResponsesProjection projection = new(new ExchangeId(default, ordinal));
        List<ExchangeStep> steps = [];
        List<Astraea.Gateway.Wire.ResponseEvent> wire = [];
        foreach (RequestEvent happened in events)
            fold.Apply(happened, steps);
        foreach (ExchangeStep step in steps)
            projection.Apply(step, wire);
        Assert.True(fold.HasEnded);
        return string.Join('\n', wire.Select(e => Encoding.UTF8.GetString(ResponsesProjection.Serialize(e))));
    }
}
