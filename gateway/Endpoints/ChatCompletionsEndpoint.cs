using Astraea.Core.Lifecycle;
using Astraea.Gateway.Exchanges;
using Astraea.Gateway.Intake;
using Astraea.Gateway.Streaming;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Endpoints;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal sealed class ChatCompletionsEndpoint(GenerationEndpoint generation, ExchangeReader reader)
{
    public Task CreateAsync(HttpContext context, TenantId tenant) => generation.HandleAsync(context, tenant, ChatIntake.Read, AnswerAsync);

    private Task AnswerAsync(HttpContext context, GenerationAsk ask, IReadOnlyList<AcceptedExchange> exchanges)
    {
        IReadOnlyList<ChatProjection> choices = [.. exchanges.Select((_, index) => new ChatProjection(exchanges[0].Id, index, ask.IncludesUsage))];
        return ask.Streams ? StreamAsync(context, exchanges, choices, ask.IncludesUsage) : WholeAsync(context, exchanges, choices);
    }

    private async Task WholeAsync(HttpContext context, IReadOnlyList<AcceptedExchange> exchanges, IReadOnlyList<ChatProjection> choices)
    {
        List<ChatChunk> unsent = [];
        await foreach (var (choice, steps) in reader.ReadAllAsync(exchanges, context.RequestAborted))
        {
            foreach (ExchangeStep step in steps)
                choices[choice].Apply(step, unsent);
            unsent.Clear();
        }
        if (choices.FirstOrDefault(choice => choice.Error is not null) is { } broken)
            throw broken.Error!.Raise();
        await GatewayPipeline.WriteAsync(context, StatusCodes.Status200OK, ChatProjection.Completion(choices), WireJson.Wire.ChatCompletion);
    }

    private async Task StreamAsync(HttpContext context, IReadOnlyList<AcceptedExchange> exchanges, IReadOnlyList<ChatProjection> choices, bool includesUsage)
    {
        CancellationToken gone = context.RequestAborted;
        SseWriter sse = await SseWriter.StartAsync(context.Response, gone);
        List<ChatChunk> chunks = [];
        try
        {
            await foreach (var (choice, steps) in reader.ReadAllAsync(exchanges, gone))
            {
                if (steps.Count == 0)
                    await sse.WriteCommentAsync(gone);
                foreach (ExchangeStep step in steps)
                    choices[choice].Apply(step, chunks);
                foreach (ChatChunk chunk in chunks)
                    await sse.WriteAsync(null, ChatProjection.Serialize(chunk), gone);
                chunks.Clear();
            }
            if (choices.FirstOrDefault(choice => choice.Error is not null) is { } broken)
                await sse.WriteErrorAsync(null, broken.Error!, gone);
            else if (includesUsage)
                await sse.WriteAsync(null, ChatProjection.Serialize(ChatProjection.UsageChunk(choices)), gone);
        }
        catch (ApiException e)
        {
            await sse.WriteErrorAsync(null, e.Error, gone);
        }
        await sse.WriteDoneAsync(gone);
    }
}
