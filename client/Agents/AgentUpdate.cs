using System.Collections.Immutable;
using Astraea.Core.Lifecycle;

namespace Astraea.Client.Agents;

/// <summary>Something the model said or did in an exchange.</summary>
/// <param name="Position">
/// Where the update stands in its exchange: at least 0, rises, and is the same at every reading by the same kind of client. Give it to
/// <see cref="IAgentRun.ReadAsync"/> to go on behind it.
/// </param>
public abstract record AgentUpdate(long Position)
{
    /// <summary>More text.</summary>
    /// <param name="Text">What is added; not empty.</param>
    /// <param name="Position">See <see cref="AgentUpdate"/>.</param>
    public sealed record TextAdded(string Text, long Position) : AgentUpdate(Position);

    /// <summary>The model calls a tool. All calls of the exchange are answered together, once it has finished.</summary>
    /// <param name="Call">The call, complete.</param>
    /// <param name="Position">See <see cref="AgentUpdate"/>.</param>
    public sealed record ToolCalled(ToolCall Call, long Position) : AgentUpdate(Position);

    /// <summary>The exchange has ended; nothing follows.</summary>
    /// <param name="Outcome">How.</param>
    /// <param name="Text">All text of the exchange.</param>
    /// <param name="Calls">All calls of the exchange; to be answered when the outcome says so.</param>
    /// <param name="Usage">Tokens used; null when it failed or was cancelled.</param>
    /// <param name="Error">Why it failed or was cancelled; else null.</param>
    /// <param name="Position">See <see cref="AgentUpdate"/>.</param>
    public sealed record Finished(
        AgentOutcome Outcome, string Text, ImmutableArray<ToolCall> Calls, AgentUsage? Usage, AgentError? Error, long Position) : AgentUpdate(Position);
}

/// <summary>How an exchange ended.</summary>
public enum AgentOutcome
{
    /// <summary>With the final answer: the run has ended.</summary>
    Answered,

    /// <summary>With tool calls: the run goes on when their results are posted.</summary>
    CalledTools,

    /// <summary>At the output limit: the run has ended, and its text is not whole.</summary>
    CutOff,

    /// <summary>With an error: the run has ended.</summary>
    Failed,

    /// <summary>Cancelled: the run has ended.</summary>
    Cancelled,
}

/// <summary>Tokens an exchange used.</summary>
/// <param name="InputTokens">Input, template included (tokens).</param>
/// <param name="CachedTokens">Of these, found in KV memory (tokens).</param>
/// <param name="OutputTokens">Output (tokens).</param>
public sealed record AgentUsage(int InputTokens, int CachedTokens, int OutputTokens);

/// <summary>Why an exchange did not end well.</summary>
/// <param name="Code">Machine-readable; may be null.</param>
/// <param name="Message">In words.</param>
public sealed record AgentError(string? Code, string Message);
