using System.Collections.Immutable;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Astraea.Cli.Demo.Plan;
using Astraea.Client;
using Astraea.Client.Wire;

namespace Astraea.Cli.Demo.Replay;

/// <summary>An agent that plays one planned request: calls the model, lets its tool take its time, posts the result, until the final answer.</summary>
/// <param name="client">The node.</param>
/// <param name="model">Name of its model.</param>
/// <param name="plan">The plan the request belongs to; its seed is the seed of texts and sampling.</param>
/// <param name="clock">Timestamp of the start of the replay.</param>
internal sealed class ReplayAgent(AstraeaClient client, string model, ReplayPlan plan, long clock)
{
    // Shorter waits are below what a timer can do.
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(0.5);

    private static readonly JsonElement OneString = JsonSerializer.SerializeToElement(
        new Schema("object", new Dictionary<string, Schema> { ["text"] = new("string", null, null) }, ["text"]), DemoJson.Default.Schema);

    /// <summary>Waits for its arrival, then plays it through.</summary>
    public async Task<RequestOutcome> PlayAsync(PlannedRequest planned, CancellationToken cancellation)
    {
        var segments = ImmutableArray.CreateBuilder<PlayedSegment>(planned.Segments.Length);
        var messages = ImmutableArray.CreateBuilder<ChatMessage>(planned.Segments.Length * 2);
        using IncrementalHash digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string? agentRequest = null;
        string? error = null;
        try
        {
            await WaitAsync(planned.Arrival - Stopwatch.GetElapsedTime(clock), cancellation);
            messages.Add(ChatMessage.User(Text(planned, 0)));
            for (int ordinal = 0; ordinal < planned.Segments.Length; ordinal++)
            {
                PlannedSegment segment = planned.Segments[ordinal];
                double start = Stopwatch.GetElapsedTime(clock).TotalSeconds;
                ChatCompletion answer = await client.CompleteChatAsync(
                    Ask(planned, segment, messages.ToImmutable()), $"replay-{plan.Seed}-{planned.Index}-{ordinal}", cancellation);
                segments.Add(new PlayedSegment(answer.Usage.PromptTokens, answer.Usage.CompletionTokens, start, Stopwatch.GetElapsedTime(clock).TotalSeconds));
                agentRequest ??= answer.AgentRequest;
                if (answer.AgentRequest != agentRequest)
                    throw new AstraeaException($"segment {ordinal} went on as another agent request ({answer.AgentRequest} instead of {agentRequest})");
                ChatToolCall? call = answer.Message.ToolCalls is { Length: 1 } calls ? calls[0] : null;
                digest.AppendData(Encoding.UTF8.GetBytes(call?.Function.Arguments ?? answer.Message.Content ?? ""));
                digest.AppendData([0]);
                if (segment.Tool is null)
                    break;
                if (call is null)
                    throw new AstraeaException($"segment {ordinal} ended without a call of {segment.Tool}");
                messages.Add(answer.Message);
                await WaitAsync(segment.ToolWait, cancellation);
                messages.Add(ChatMessage.ToolResult(call.Id, Text(planned, ordinal + 1)));
            }
        }
        catch (AstraeaException e)
        {
            error = e.Message;
        }
        return new RequestOutcome(planned, agentRequest, segments.ToImmutable(), Convert.ToHexStringLower(digest.GetHashAndReset()), error);
    }

    private ChatRequest Ask(PlannedRequest planned, PlannedSegment segment, ImmutableArray<ChatMessage> messages)
    {
        // The same functions in every segment: they stand at the start of the context, which must not change.
        ImmutableArray<ChatTool> tools = [.. planned.Tools.Select(static t => new ChatTool(new ChatFunction(t, null, OneString)))];
        return new ChatRequest(model, messages)
        {
            Tools = tools.IsEmpty ? null : tools,
            ToolChoice = tools.IsEmpty ? null : segment.Tool is { } tool ? ToolChoice.Function(tool) : ToolChoice.None,
            MaxTokens = segment.OutputTokens,
            MinTokens = segment.OutputTokens,
            IgnoreEos = true,
            Temperature = 1,
            Seed = (long)((plan.Seed * 1_000_003 + (ulong)planned.Index) & long.MaxValue),
            Metadata = ImmutableDictionary<string, string>.Empty.Add("category", planned.Category),
        };
    }

    private string Text(PlannedRequest planned, int ordinal) => PromptText.Of(plan.Seed, planned.Index, ordinal, planned.Segments[ordinal].NewTokens);

    private static Task WaitAsync(TimeSpan wait, CancellationToken cancellation) => wait < ShortestWait ? Task.CompletedTask : Task.Delay(wait, cancellation);

    /// <summary>As much of JSON schema as a function with one string needs.</summary>
    internal sealed record Schema(string Type, Dictionary<string, Schema>? Properties, string[]? Required);
}
