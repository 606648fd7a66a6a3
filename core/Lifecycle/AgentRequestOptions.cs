namespace Astraea.Core.Lifecycle;

/// <summary>Limits of an agent request's life.</summary>
/// <param name="ToolWaitMax">How long tool results may stay away before the request fails with <c>tool_timeout</c>.</param>
/// <param name="UnreadMax">How long a foreground request may go unread while it is ready or runs; then its client is taken for gone.</param>
public sealed record AgentRequestOptions(TimeSpan ToolWaitMax, TimeSpan UnreadMax)
{
    /// <summary>An hour for tools; 60 s unread, within which a client of a lost gateway can come back (DESIGN.md, Identity).</summary>
    public static AgentRequestOptions Default { get; } = new(TimeSpan.FromHours(1), TimeSpan.FromSeconds(60));
}
