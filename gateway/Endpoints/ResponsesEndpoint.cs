using System.Globalization;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Exchanges;
using Astraea.Gateway.Identity;
using Astraea.Gateway.Intake;
using Astraea.Gateway.Streaming;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Endpoints;

/// <summary><c>POST /v1/responses</c>, <c>GET /v1/responses/{id}</c> and its <c>/cancel</c>.</summary>
internal sealed class ResponsesEndpoint(GenerationEndpoint generation, ExchangeReader reader, AgentCalls calls)
{
    public Task CreateAsync(HttpContext context, TenantId tenant) => generation.HandleAsync(context, tenant, ResponsesIntake.Read, AnswerAsync);

    public async Task GetAsync(HttpContext context, TenantId tenant)
    {
        (bool streams, int after) = ReadQuery(context.Request.Query);
        (ExchangeId id, IReadOnlyList<ExchangeStep> steps) = await FindAsync(context, tenant, asReader: streams);
        if (streams)
            await StreamAsync(context, new AcceptedExchange(id, 0, 0), after);
        else
            await WriteAsync(context, id, steps);
    }

    /// <summary>Ends the agent request, as long as this response of it is open; answers with the response as it then stands.</summary>
    public async Task CancelAsync(HttpContext context, TenantId tenant)
    {
        (ExchangeId id, IReadOnlyList<ExchangeStep> steps) = await FindAsync(context, tenant, asReader: false);
        if (steps[^1] is not (ExchangeStep.Ended or ExchangeStep.Failed or ExchangeStep.Cancelled))
        {
            await calls.CancelAsync(id.Request, "cancelled by its client");
            (id, steps) = await FindAsync(context, tenant, asReader: false);
        }
        // The first end wins every race; the client hears which one it was.
        if (steps[^1] is not ExchangeStep.Cancelled)
            throw ApiError.Invalid(null, "Only a response that has not ended can be cancelled.", "response_ended").Raise();
        await WriteAsync(context, id, steps);
    }

    private async Task<(ExchangeId Id, IReadOnlyList<ExchangeStep> Steps)> FindAsync(HttpContext context, TenantId tenant, bool asReader)
    {
        string text = context.Request.RouteValues["id"] as string ?? "";
        RequestHistory? history = ExchangeId.TryParseResponse(text, out ExchangeId id)
            ? await calls.LoadAsync(id.Request, tenant, context.RequestAborted, asReader)
            : null;
        IReadOnlyList<ExchangeStep> steps = history is null ? [] : reader.Project(history, id.Ordinal);
        if (steps is not [ExchangeStep.Accepted { Stored.Echo.Store: true }, ..])
            throw ApiError.NotFound($"Response with id '{ToolIntake.Printable(text)}' not found.", "response_not_found").Raise();
        context.Response.Headers[GenerationEndpoint.AgentRequestHeader] = id.Request.ToString();
        return (id, steps);
    }

    private Task AnswerAsync(HttpContext context, GenerationAsk ask, IReadOnlyList<AcceptedExchange> exchanges) =>
        ask.Streams ? StreamAsync(context, exchanges[0], startingAfter: -1)
        : ask.Background ? BackgroundAsync(context, exchanges[0])
        : WholeAsync(context, exchanges[0]);

    private async Task WholeAsync(HttpContext context, AcceptedExchange exchange)
    {
        List<ExchangeStep> all = [];
        await foreach (IReadOnlyList<ExchangeStep> steps in reader.ReadAsync(exchange, context.RequestAborted))
            all.AddRange(steps);
        if (all[^1] is ExchangeStep.Failed or ExchangeStep.Cancelled)
            throw ExchangeErrors.Of(all[^1]).Raise();
        await WriteAsync(context, exchange.Id, all);
    }

    /// <summary>Answers with the object as soon as it is durable; the client comes back for the rest.</summary>
    private async Task BackgroundAsync(HttpContext context, AcceptedExchange exchange)
    {
        await foreach (IReadOnlyList<ExchangeStep> steps in reader.ReadAsync(exchange, context.RequestAborted))
        {
            if (steps.Count == 0)
                continue;
            await WriteAsync(context, exchange.Id, steps);
            return;
        }
    }

    private async Task StreamAsync(HttpContext context, AcceptedExchange exchange, int startingAfter)
    {
        CancellationToken gone = context.RequestAborted;
        SseWriter sse = await SseWriter.StartAsync(context.Response, gone);
        ResponsesProjection projection = new(exchange.Id);
        List<ResponseEvent> events = [];
        int next = 0;
        try
        {
            await foreach (IReadOnlyList<ExchangeStep> steps in reader.ReadAsync(exchange, gone))
            {
                if (steps.Count == 0)
                    await sse.WriteCommentAsync(gone);
                foreach (ExchangeStep step in steps)
                    projection.Apply(step, events);
                foreach (ResponseEvent happened in events)
                {
                    next = happened.SequenceNumber + 1;
                    if (happened.SequenceNumber > startingAfter)
                        await sse.WriteAsync(happened.Type, ResponsesProjection.Serialize(happened), gone);
                }
                events.Clear();
            }
        }
        catch (ApiException e)
        {
            await sse.WriteErrorAsync(Math.Max(next, startingAfter + 1), e.Error, gone);
        }
        await sse.WriteDoneAsync(gone);
    }

    private static Task WriteAsync(HttpContext context, ExchangeId id, IReadOnlyList<ExchangeStep> steps)
    {
        ResponsesProjection projection = new(id);
        List<ResponseEvent> unsent = [];
        foreach (ExchangeStep step in steps)
            projection.Apply(step, unsent);
        return GatewayPipeline.WriteAsync(context, StatusCodes.Status200OK, projection.Response(), WireJson.Wire.ResponseObject);
    }

    private static (bool Streams, int After) ReadQuery(IQueryCollection query)
    {
        bool streams = false;
        if (query.TryGetValue("stream", out Microsoft.Extensions.Primitives.StringValues stream) && !bool.TryParse(stream.ToString(), out streams))
            throw ApiError.Invalid("stream", "'stream' must be true or false.").Raise();
        if (!query.TryGetValue("starting_after", out Microsoft.Extensions.Primitives.StringValues after))
            return (streams, -1);
        if (!int.TryParse(after.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            throw ApiError.Invalid("starting_after", "'starting_after' must be a whole number of at least 0.").Raise();
        return streams ? (true, number) : throw ApiError.Invalid("starting_after", "'starting_after' is only allowed when 'stream' is true.").Raise();
    }
}
