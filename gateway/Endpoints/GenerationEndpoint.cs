using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Exchanges;
using Astraea.Gateway.Identity;
using Astraea.Gateway.Intake;
using Microsoft.Extensions.Options;

namespace Astraea.Gateway.Endpoints;

/// <summary>What the two generating endpoints share: reading the POST, accepting the exchange, and staying with it as long as the client does.</summary>
internal sealed class GenerationEndpoint(
    ExchangeAcceptor acceptor, ExchangeReader reader, IModelText text, IOptions<GatewayOptions> options)
{
    /// <summary>Header that names the agent request behind an answer.</summary>
    public const string AgentRequestHeader = "x-astraea-request-id";

    private int _open;

    /// <summary>Reads a body.</summary>
    public delegate GenerationAsk Intake(JsonFields body, string model, GatewayOptions options);

    /// <summary>Answers exchanges that were accepted: one for each choice.</summary>
    public delegate Task Answer(HttpContext context, GenerationAsk ask, IReadOnlyList<AcceptedExchange> exchanges);

    public async Task HandleAsync(HttpContext context, TenantId tenant, Intake intake, Answer answer)
    {
        JsonBody body = await JsonBody.ReadAsync(context, options.Value);
        GenerationAsk ask = intake(body.Fields, text.Model, options.Value);
        string? key = IdempotencyKey(context.Request);
        try
        {
            if (Interlocked.Add(ref _open, ask.Choices) > options.Value.OpenExchangesMax)
                throw new ApiError(StatusCodes.Status429TooManyRequests, "Too many requests are open here.", "rate_limit_exceeded", RetryAfterSeconds: 1).Raise();
            IReadOnlyList<AcceptedExchange> exchanges = await acceptor.AcceptAllAsync(ask, tenant, key, body.Hash, context.RequestAborted);
            context.Response.Headers[AgentRequestHeader] = exchanges[0].Id.Request.ToString();
            await StayAsync(context, ask, exchanges, answer);
        }
        finally
        {
            Interlocked.Add(ref _open, -ask.Choices);
        }
    }

    private async Task StayAsync(HttpContext context, GenerationAsk ask, IReadOnlyList<AcceptedExchange> exchanges, Answer answer)
    {
        foreach (AcceptedExchange exchange in exchanges)
            reader.Attach(exchange.Id.Request);
        bool answered = false;
        try
        {
            await answer(context, ask, exchanges);
            answered = true;
        }
        finally
        {
            bool left = !answered && !ask.Background && context.RequestAborted.IsCancellationRequested;
            foreach (AcceptedExchange exchange in exchanges)
                await reader.DetachAsync(exchange, cancelIfOpen: left);
        }
    }

    private static string? IdempotencyKey(HttpRequest request)
    {
        if (!request.Headers.TryGetValue("Idempotency-Key", out Microsoft.Extensions.Primitives.StringValues values))
            return null;
        string key = values.Count == 1 ? values[0] ?? "" : "";
        return RequestIds.IsKey(key)
            ? key
            : throw ApiError.Invalid("Idempotency-Key", $"The header 'Idempotency-Key' must be given once, with 1 to {RequestIds.KeyLengthMax} ASCII characters.").Raise();
    }
}
