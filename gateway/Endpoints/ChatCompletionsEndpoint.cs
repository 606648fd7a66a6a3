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

    private Task AnswerAsync(HttpContext context, GenerationAsk ask, AcceptedExchange exchange)
    {
        ChatProjection projection = new(exchange.Id, ask.IncludesUsage);
        return ask.Streams ? StreamAsync(context, exchange, projection) : WholeAsync(context, exchange, projection);
    }

    private async Task WholeAsync(HttpContext context, AcceptedExchange exchange, ChatProjection projection)
    {
        List<ChatChunk> unsent = [];
        await foreach (IReadOnlyList<ExchangeStep> steps in reader.ReadAsync(exchange, context.RequestAborted))
        {
            foreach (ExchangeStep step in steps)
                projection.Apply(step, unsent);
            unsent.Clear();
        }
        if (projection.Error is { } error)
            throw error.Raise();
        await GatewayPipeline.WriteAsync(context, StatusCodes.Status200OK, projection.Completion(), WireJson.Wire.ChatCompletion);
    }

    private async Task StreamAsync(HttpContext context, AcceptedExchange exchange, ChatProjection projection)
    {
        CancellationToken gone = context.RequestAborted;
        SseWriter sse = await SseWriter.StartAsync(context.Response, gone);
        List<ChatChunk> chunks = [];
        try
        {
            await foreach (IReadOnlyList<ExchangeStep> steps in reader.ReadAsync(exchange, gone))
            {
                if (steps.Count == 0)
                    await sse.WriteCommentAsync(gone);
                foreach (ExchangeStep step in steps)
                    projection.Apply(step, chunks);
                foreach (ChatChunk chunk in chunks)
                    await sse.WriteAsync(null, ChatProjection.Serialize(chunk), gone);
                chunks.Clear();
            }
            if (projection.Error is { } error)
                await sse.WriteErrorAsync(null, error, gone);
        }
        catch (ApiException e)
        {
            await sse.WriteErrorAsync(null, e.Error, gone);
        }
        await sse.WriteDoneAsync(gone);
    }
}
