using System.Collections.Immutable;
using Astraea.Contracts.History;
using Astraea.Core.Lifecycle;

namespace Astraea.Client.Agents;

/// <summary>What happened to a run so far.</summary>
/// <param name="Id">The agent request.</param>
/// <param name="Phase">Where it stands.</param>
/// <param name="Events">Its events in order.</param>
public sealed record AgentHistory(string Id, RequestPhase Phase, ImmutableArray<AgentEvent> Events);
