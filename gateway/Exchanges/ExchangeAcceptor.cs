using System.Collections.Immutable;
using System.Security.Cryptography;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Identity;
using Astraea.Gateway.Intake;
using Astraea.Gateway.Streaming;
using Astraea.Gateway.Wire;
using Microsoft.Extensions.Options;

namespace Astraea.Gateway.Exchanges;

/// <summary>An exchange that is durable, and where its events are found.</summary>
/// <param name="Id">The exchange.</param>
/// <param name="After">Version behind which its events lie.</param>
/// <param name="CallsBefore">Calls made up to there.</param>
internal sealed record AcceptedExchange(ExchangeId Id, long After, int CallsBefore);

/// <summary>Turns a checked POST into an exchange of an agent request: a new one, one that goes on, or one that was there already.</summary>
internal sealed class ExchangeAcceptor(AgentCalls calls, IModelText text, IOptions<GatewayOptions> options)
{
    /// <summary>Makes the exchange durable, or joins the equal one. What goes on from a request that has moved on becomes a request of its own.</summary>
    /// <exception cref="ApiException">It cannot be served, or contradicts what was sent before.</exception>
    public async Task<AcceptedExchange> AcceptAsync(GenerationAsk ask, TenantId tenant, string? key, string bodyHash, CancellationToken cancellation)
    {
        Prepared post = await PrepareAsync(ask, tenant, key, bodyHash, cancellation);
        if (post.Ground.Answered is not null && !await IsFirstPostAsync(tenant, key, cancellation)
            && (await TryContinueAsync(post)).Accepted is { } accepted)
            return accepted;
        return await SubmitAsync(post);
    }

    /// <summary>Accepts all answers a POST asks for. The first goes on from where the conversation stands; the others are requests of their own, with their own chance.</summary>
    /// <exception cref="ApiException">It cannot be served, or contradicts what was sent before.</exception>
    public async Task<IReadOnlyList<AcceptedExchange>> AcceptAllAsync(GenerationAsk ask, TenantId tenant, string? key, string bodyHash, CancellationToken cancellation)
    {
        List<AcceptedExchange> accepted = [await AcceptAsync(ask, tenant, key, bodyHash, cancellation)];
        for (int choice = 1; choice < ask.Choices; choice++)
        {
            GenerationAsk other = ask with { Sampling = ask.Sampling with { Seed = unchecked(ask.Sampling.Seed + (ulong)choice) } };
            string? otherKey = key is null ? null : RequestIds.KeyOfChoice(key, choice);
            accepted.Add(await SubmitAsync(await PrepareAsync(other, tenant, otherKey, bodyHash, cancellation)));
        }
        return accepted;
    }

    /// <summary>Makes the exchange durable as the next one of the request it goes on from, or joins the equal one.</summary>
    /// <exception cref="ApiException">It does not answer what that request waits for, or cannot be served.</exception>
    public async Task<AcceptedExchange> ContinueAsync(GenerationAsk ask, TenantId tenant, string? key, string bodyHash, CancellationToken cancellation)
    {
        Prepared post = await PrepareAsync(ask, tenant, key, bodyHash, cancellation);
        if (post.Ground.Answered is null)
            throw ApiError.Conflict("This exchange did not end with tool calls; there is nothing to answer.", "no_tool_results_awaited").Raise();
        (AcceptedExchange? accepted, string? refusal) = await TryContinueAsync(post);
        return accepted ?? throw ApiError.Conflict(refusal!, "request_conflict").Raise();
    }

    private async Task<Prepared> PrepareAsync(GenerationAsk ask, TenantId tenant, string? key, string bodyHash, CancellationToken cancellation)
    {
        Ground ground = await FindGroundAsync(ask, tenant, cancellation);
        ImmutableArray<int> prompt = Render(ask, ground.Items);
        return new Prepared(ask, tenant, key, bodyHash, ground, prompt, Spec(ask, prompt.Length));
    }

    private async Task<(AcceptedExchange? Accepted, string? Refusal)> TryContinueAsync(Prepared post)
    {
        (TranscriptFold from, ExchangeMark answered) = (post.Ground.From!, post.Ground.Answered!);
        RequestMessage.PostToolResults results = new(
            [.. answered.Calls.Select(c => c.Id)], post.Key, post.BodyHash, Stored(post.Ask, post.Ground.Added).ToJson(), post.Prompt, post.Spec);
        switch (await calls.PostToolResultsAsync(from.Request, results))
        {
            case RequestReply.Accepted { Joined: true } joined:
                // It may lie before or behind what was read above; its own start is found from the beginning.
                return (new AcceptedExchange(new ExchangeId(from.Request, joined.Exchange), 0, 0), null);
            case RequestReply.Accepted accepted:
                return (new AcceptedExchange(
                    new ExchangeId(from.Request, accepted.Exchange), from.Version, answered.CallsBefore + answered.Calls.Length), null);
            case RequestReply.Refused { Code: RefusalCode.KeyReused } when post.Key is not null:
                throw KeyReused();
            case RequestReply.Refused { Code: RefusalCode.Invalid } refused:
                throw ApiError.Invalid(null, refused.Message).Raise();
            case RequestReply.Refused refused:
                // The request has moved on without these results: what follows them is another conversation.
                return (null, refused.Message);
            case var other:
                throw new InvalidOperationException($"Tool results were answered with {other.GetType().Name}.");
        }
    }

    private async Task<AcceptedExchange> SubmitAsync(Prepared post)
    {
        (GenerationAsk ask, TenantId tenant, string? key, string bodyHash, Ground ground, ImmutableArray<int> prompt, SegmentSpec spec) = post;
        RequestId id = key is null ? RequestIds.Random() : RequestIds.Of(tenant, key);
        RequestMessage.Submit submit = new(
            tenant, new PoolId(text.Model), ask.Category, ground.From?.Request, ground.From?.Submitted?.Session, key, bodyHash,
            Stored(ask, ground.Items).ToJson(), prompt, spec);
        return await calls.SubmitAsync(id, submit) switch
        {
            RequestReply.Accepted accepted => new AcceptedExchange(new ExchangeId(id, accepted.Exchange), 0, 0),
            RequestReply.Refused { Code: RefusalCode.KeyReused } => throw KeyReused(),
            RequestReply.Refused { Code: RefusalCode.Invalid } refused => throw ApiError.Invalid(null, refused.Message).Raise(),
            RequestReply.Refused refused => throw ApiError.Conflict(refused.Message, "request_conflict").Raise(),
            RequestReply other => throw new InvalidOperationException($"A submit was answered with {other.GetType().Name}."),
        };
    }

    /// <summary>A key that began a request names that request for ever, also when the same body could now continue another one.</summary>
    private async Task<bool> IsFirstPostAsync(TenantId tenant, string? key, CancellationToken cancellation) =>
        key is not null && (await calls.LookAsync(RequestIds.Of(tenant, key), 0, 1, cancellation)).Version > 0;

    private async Task<Ground> FindGroundAsync(GenerationAsk ask, TenantId tenant, CancellationToken cancellation)
    {
        if (ask.Previous is { } previous)
            return await OnPreviousAsync(ask, previous, tenant, cancellation);
        string param = ask.Surface == Surface.Chat ? "messages" : "input";
        ImmutableArray<ChatItem> items = ToolPairing.Pair(ask.Items, param);
        // The latest call id that we minted names the request this conversation was last held with.
        IEnumerable<string> ids = items.Reverse().SelectMany(i => i.Calls).Select(c => c.Id);
        foreach (string minted in ids)
        {
            if (!CallId.TryParse(minted, out CallId id))
                continue;
            if (await calls.LoadAsync(id.Request, tenant, cancellation) is not { } history)
                break;
            return Ground.OnEcho(items, history.Transcript(text));
        }
        return new Ground(items, null, null);
    }

    private async Task<Ground> OnPreviousAsync(GenerationAsk ask, ExchangeId previous, TenantId tenant, CancellationToken cancellation)
    {
        RequestHistory history = await calls.LoadAsync(previous.Request, tenant, cancellation) ?? throw ResponsesIntake.PreviousNotFound(previous.Response);
        TranscriptFold transcript = history.Transcript(text);
        if (previous.Ordinal >= transcript.Exchanges.Count || transcript.Exchanges[previous.Ordinal] is not { Stored.Echo.Store: true } mark)
            throw ResponsesIntake.PreviousNotFound(previous.Response);
        switch (mark.Outcome)
        {
            case ExchangeOutcome.Open:
                throw ApiError.Conflict($"Previous response '{previous.Response}' is still in progress.", "previous_response_in_progress").Raise();
            case ExchangeOutcome.Broken:
                throw ApiError.Invalid("previous_response_id", $"Previous response '{previous.Response}' failed or was cancelled; go on from the one before it.").Raise();
        }
        ImmutableArray<ChatItem> items = ToolPairing.Pair([.. transcript.Items.Take(mark.ItemsEnd), .. ask.Items], "input");
        return Ground.OnExchange(items, mark, transcript);
    }

    private ImmutableArray<int> Render(GenerationAsk ask, ImmutableArray<ChatItem> items)
    {
        if (ask.Instructions is { } instructions)
            items = items.Insert(0, new ChatItem(ChatRole.System, instructions));
        try
        {
            return text.Render(new ChatConversation(items, ask.Tools.Json)).Tokens;
        }
        catch (TextException e)
        {
            throw ApiError.Invalid(ask.Surface == Surface.Chat ? "messages" : "input", e.Message).Raise();
        }
    }

    private SegmentSpec Spec(GenerationAsk ask, int promptTokens)
    {
        int left = text.ContextTokensMax - promptTokens;
        if (left < Math.Max(1, ask.Limits.Max ?? ask.Limits.Min))
        {
            throw ApiError.Invalid(
                ask.Surface == Surface.Chat ? "messages" : "input",
                $"This model's context is {text.ContextTokensMax} tokens. The input has {promptTokens} tokens and {Math.Max(1, ask.Limits.Max ?? ask.Limits.Min)} are asked for as output.",
                "context_length_exceeded").Raise();
        }
        int max = ask.Limits.Max ?? Math.Min(left, Math.Max(options.Value.OutputTokensDefault, ask.Limits.Min));
        Sampling sampling = ask.HasSeed ? ask.Sampling : ask.Sampling with { Seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) };
        SegmentSpec spec = new(
            max, ask.Limits.Min, ask.Limits.IgnoreEos, sampling, ask.Stop, ask.Tools.Mode, ask.Tools.Name, ask.Tools.Json, Foreground: !ask.Background, ask.FormatJson);
        return text.Check(spec) is { } wrong ? throw ApiError.Invalid(null, wrong).Raise() : spec;
    }

    private static StoredExchange Stored(GenerationAsk ask, ImmutableArray<ChatItem> items) =>
        new(StoredExchange.CurrentVersion, ask.Surface, items, ask.Echo);

    private static ApiException KeyReused() =>
        ApiError.Conflict("This Idempotency-Key was used before with another body.", "idempotency_key_reused", shouldRetry: false).Raise();

    /// <summary>A POST with everything its message needs.</summary>
    private sealed record Prepared(
        GenerationAsk Ask, TenantId Tenant, string? Key, string BodyHash, Ground Ground, ImmutableArray<int> Prompt, SegmentSpec Spec);
}
