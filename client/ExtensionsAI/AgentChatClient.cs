using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Astraea.Client.Agents;
using Microsoft.Extensions.AI;
using AIRole = Microsoft.Extensions.AI.ChatRole;

namespace Astraea.Client.ExtensionsAI;

/// <summary>An agent service as an <see cref="IChatClient"/>, over any <see cref="IAgentClient"/>. Thread-safe.</summary>
/// <remarks>
/// Each call is an exchange of an agent request. The answer's <see cref="ChatResponse.ConversationId"/> names the exchange; given back with what is new (tool
/// results, or the next words of a person) the conversation goes on there. Without it the whole conversation is sent, and the service finds where it was held
/// by the ids of the tool calls in it. A call that is abandoned before its end cancels its request. Of <see cref="ChatOptions"/> are used: instructions,
/// model, tools and tool mode, temperature, top-p, seed, stop sequences, output limit, conversation id.
/// </remarks>
public sealed class AgentChatClient(IAgentClient client, string? model = null) : IChatClient
{
    /// <summary>How long leaving may wait for the cancel to arrive.</summary>
    private static readonly TimeSpan FarewellMax = TimeSpan.FromSeconds(5);

    private readonly ChatClientMetadata _metadata = new("astraea", defaultModelId: model);

    /// <inheritdoc/>
    /// <exception cref="AstraeaException">Refused, failed or cancelled, or the service could not be reached in time.</exception>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="AstraeaException">Refused, failed or cancelled, or the service could not be reached in time.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IAgentRun run = await BeginAsync(messages, options, cancellationToken);
        await using IAsyncEnumerator<AgentUpdate> updates = run.ReadAsync(cancellation: cancellationToken).GetAsyncEnumerator(cancellationToken);
        bool isAbandoned = true;
        try
        {
            while (await NextAsync())
            {
                if (updates.Current is AgentUpdate.Finished { Error: { } error } ended)
                    throw AstraeaException.InStream(ended.Outcome == AgentOutcome.Cancelled ? "The request was cancelled." : error.Message, error.Code, null);
                yield return Update(run, updates.Current, options?.ModelId ?? model);
            }
        }
        finally
        {
            if (isAbandoned)
                await CancelAsync(run);
        }

        async Task<bool> NextAsync()
        {
            try
            {
                bool more = await updates.MoveNextAsync();
                isAbandoned = more && updates.Current is not AgentUpdate.Finished;
                return more;
            }
            catch (AstraeaException)
            {
                // The service is out of reach, for a cancel too; the run goes on, and its id stands in every update.
                isAbandoned = false;
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(client) ? client
            : null;
    }

    /// <summary>Does nothing: the agent client belongs to whoever made it.</summary>
    public void Dispose() { }

    private async Task<IAgentRun> BeginAsync(IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancellation)
    {
        ImmutableArray<AgentMessage> conversation = ChatMapping.Messages(messages);
        AgentTask task = ChatMapping.Task(conversation, options, model);
        bool bringsResultsOnly = !conversation.IsEmpty && conversation.All(m => m.Role == Contracts.Text.ChatRole.Tool);
        if (options?.ConversationId is not { } exchange || !bringsResultsOnly)
            return await client.SubmitAsync(task, cancellation: cancellation);
        IAgentRun run = await client.OpenAsync(exchange, task, cancellation);
        await run.PostToolResultsAsync([.. conversation.Select(m => new AgentToolResult(m.CallId!, m.Text))], cancellation);
        return run;
    }

    private static ChatResponseUpdate Update(IAgentRun run, AgentUpdate update, string? model)
    {
        ChatResponseUpdate shown = new(AIRole.Assistant, ChatMapping.Contents(update))
        {
            ResponseId = run.ResponseId,
            MessageId = run.ResponseId,
            ConversationId = run.ResponseId,
            ModelId = model,
            RawRepresentation = update,
        };
        if (update is AgentUpdate.Finished finished)
            shown.FinishReason = ChatMapping.Reason(finished.Outcome);
        return shown;
    }

    private static async Task CancelAsync(IAgentRun run)
    {
        using CancellationTokenSource limit = new(FarewellMax);
        try
        {
            await run.CancelAsync(limit.Token);
        }
        catch (Exception e) when (e is AstraeaException or OperationCanceledException)
        {
            // The caller has left and hears nothing any more; the run ends by itself.
        }
    }
}

/// <summary>Makes chat clients of agent clients.</summary>
public static class AgentChatClientExtensions
{
    /// <summary>The agent service as an <see cref="IChatClient"/>.</summary>
    /// <param name="client">Where it runs; stays the caller's.</param>
    /// <param name="model">Model where the options name none; null takes the one that is served.</param>
    public static IChatClient AsChatClient(this IAgentClient client, string? model = null) => new AgentChatClient(client, model);
}
