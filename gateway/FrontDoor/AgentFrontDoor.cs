using Astraea.Contracts;
using Astraea.Contracts.FrontDoor;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Exchanges;
using Astraea.Gateway.Identity;
using Astraea.Gateway.Intake;
using Microsoft.Extensions.Options;

namespace Astraea.Gateway.FrontDoor;

/// <summary>The front door behind every transport but HTTP: the same keys, intake, acceptance and folds as the HTTP surface, so the same task comes to the same text.</summary>
public sealed partial class AgentFrontDoor : IAgentFrontDoor
{
    /// <summary>Updates in one answer at most.</summary>
    private const int UpdatesMax = 4096;

    /// <summary>Events of a history in one answer at most: they carry token ids.</summary>
    private const int HistoryEventsMax = 256;

    /// <summary>Readers whose folds are kept between their reads.</summary>
    private const int ParkedMax = 4096;

    private readonly ParkedReadings _parked = new(ParkedMax);
    private readonly ApiKeys _keys;
    private readonly ExchangeAcceptor _acceptor;
    private readonly AgentCalls _calls;
    private readonly IModelText _text;
    private readonly GatewayOptions _options;
    private readonly ILogger<AgentFrontDoor> _log;
    private int _open;

    internal AgentFrontDoor(
        ApiKeys keys, ExchangeAcceptor acceptor, AgentCalls calls, IModelText text, IOptions<GatewayOptions> options, ILogger<AgentFrontDoor> log)
    {
        _keys = keys;
        _acceptor = acceptor;
        _calls = calls;
        _text = text;
        _options = options.Value;
        _log = log;
    }

    /// <summary>The tenant who holds a key; null when nobody does.</summary>
    public TenantId? TenantOf(ApiKey key) => _keys.Find(key.Value);

    /// <inheritdoc/>
    public Task<FrontDoorReply> SubmitAsync(FrontDoorCall.Submit call, CancellationToken cancellation) => AnswerAsync(call, async tenant =>
    {
        if (!RequestIds.IsKey(call.IdempotencyKey))
            throw ApiError.Invalid("idempotency_key", $"The idempotency key must have 1 to {RequestIds.KeyLengthMax} ASCII characters.").Raise();
        (GenerationAsk ask, string hash) = Read(TaskBody.Of(call, _text.Model));
        AcceptedExchange accepted = await _acceptor.AcceptAsync(ask, tenant, call.IdempotencyKey, hash, cancellation);
        return new FrontDoorReply.Accepted(accepted.Id.Response);
    });

    /// <inheritdoc/>
    public Task<FrontDoorReply> PostToolResultsAsync(FrontDoorCall.PostToolResults call, CancellationToken cancellation) => AnswerAsync(call, async tenant =>
    {
        (GenerationAsk ask, string hash) = Read(TaskBody.Of(call, _text.Model));
        AcceptedExchange accepted = await _acceptor.ContinueAsync(ask, tenant, null, hash, cancellation);
        return new FrontDoorReply.Accepted(accepted.Id.Response);
    });

    /// <inheritdoc/>
    public Task<FrontDoorReply> ReadAsync(FrontDoorCall.Read call, CancellationToken cancellation) => AnswerAsync(call, async tenant =>
    {
        if (!ExchangeId.TryParseResponse(call.ResponseId, out ExchangeId exchange))
            throw NotFound(call.ResponseId);
        if (call.Max < 1 || call.After < -1)
            throw ApiError.Invalid(call.Max < 1 ? "max" : "after", "'max' must be at least 1, and 'after' at least -1.").Raise();
        Reading reading = _parked.TryTake(new ReadingPlace(tenant, exchange, call.After)) ?? await FindAsync(exchange, tenant, call.After, cancellation);
        if (!reading.IsDue)
        {
            reading.Fold(await _calls.WaitAsync(exchange.Request, reading.Version, call.Wait, cancellation));
            reading.Skip(call.After);
        }
        FrontDoorReply.Updates updates = new(reading.Take(Math.Min(call.Max, UpdatesMax)), reading.IsOver);
        if (!updates.AreLast)
            _parked.Park(new ReadingPlace(tenant, exchange, updates.Items.IsEmpty ? call.After : updates.Items[^1].Position), reading);
        return updates;
    });

    /// <inheritdoc/>
    public Task<FrontDoorReply> CancelAsync(FrontDoorCall.Cancel call, CancellationToken cancellation) => AnswerAsync(call, async tenant =>
    {
        RequestPhase phase = await FindAsync(call.Request, tenant, cancellation);
        if (!HasEnded(phase))
        {
            await _calls.CancelAsync(call.Request, "cancelled by its client");
            phase = await FindAsync(call.Request, tenant, cancellation);
        }
        return new FrontDoorReply.Ended(phase);
    });

    /// <inheritdoc/>
    public Task<FrontDoorReply> ReadHistoryAsync(FrontDoorCall.ReadHistory call, CancellationToken cancellation) => AnswerAsync(call, async tenant =>
    {
        if (call.After < 0)
            throw ApiError.Invalid("after", "'after' must be at least 0.").Raise();
        await FindAsync(call.Request, tenant, cancellation);
        return new FrontDoorReply.History(await _calls.LookAsync(call.Request, call.After, HistoryEventsMax, cancellation));
    });

    /// <summary>Folds an exchange as far as its history goes now.</summary>
    private async Task<Reading> FindAsync(ExchangeId exchange, TenantId tenant, long after, CancellationToken cancellation)
    {
        Reading reading = new(exchange, _text);
        HistoryPage page;
        do
        {
            page = await _calls.LookAsync(exchange.Request, reading.Version, AgentCalls.PageEventsMax, cancellation);
            if (reading.Version == 0 && !BelongsTo(page, tenant))
                throw NotFound(exchange.Response);
            reading.Fold(page);
        }
        while (!page.Events.IsEmpty && reading.Version < page.Version);
        if (!reading.IsThere)
            throw NotFound(exchange.Response);
        reading.Skip(after);
        return reading;
    }

    /// <summary>Where a run of the tenant stands.</summary>
    private async Task<RequestPhase> FindAsync(RequestId request, TenantId tenant, CancellationToken cancellation)
    {
        HistoryPage first = await _calls.LookAsync(request, 0, 1, cancellation);
        return BelongsTo(first, tenant) ? first.Phase : throw NotFound(request.ToString());
    }

    private static bool BelongsTo(HistoryPage first, TenantId tenant) =>
        first.Events is [{ Event: RequestEvent.Submitted submitted }, ..] && submitted.Tenant == tenant;

    private static bool HasEnded(RequestPhase phase) => phase is RequestPhase.Completed or RequestPhase.Failed or RequestPhase.Cancelled;

    private (GenerationAsk Ask, string Hash) Read(ReadOnlyMemory<byte> bytes)
    {
        JsonBody body = JsonBody.Read(bytes, TaskBody.Path, _options);
        return (ResponsesIntake.Read(body.Fields, _text.Model, _options), body.Hash);
    }

    /// <summary>Lets a call in, and turns whatever goes wrong into an answer: nothing of the gateway's insides leaves by an exception.</summary>
    private async Task<FrontDoorReply> AnswerAsync(FrontDoorCall call, Func<TenantId, Task<FrontDoorReply>> answer)
    {
        try
        {
            if (Interlocked.Increment(ref _open) > _options.OpenExchangesMax)
                return Refused(new ApiError(StatusCodes.Status429TooManyRequests, "Too many calls are open here.", "rate_limit_exceeded"));
            return await answer(TenantOf(call.ApiKey) ?? throw ApiKeys.Unknown());
        }
        catch (ApiException e)
        {
            return Refused(e.Error);
        }
        catch (UnauthorizedAccessException)
        {
            // The request itself knows better whose it is.
            return Refused(NotFound("it").Error);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.Unexpected(_log, e, call.GetType().Name);
            return Refused(new ApiError(StatusCodes.Status500InternalServerError, "Something went wrong here; it is logged."));
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private static ApiException NotFound(string id) => ApiError.NotFound($"There is no run '{ToolIntake.Printable(id)}'.", "request_not_found").Raise();

    private static FrontDoorReply.Refused Refused(ApiError error) =>
        new(error.Status, error.Message, error.Code, error.Param, error.ShouldRetry ?? error.Status is 408 or 429 or >= 500);

    private static partial class Log
    {
        [LoggerMessage(EventId = 1551, Level = LogLevel.Error, Message = "A front door could not serve {Call}")]
        public static partial void Unexpected(ILogger log, Exception exception, string call);
    }
}
