using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Core.Lifecycle;

namespace Astraea.Client.Wire;

/// <summary>An agent request as <c>GET /v1/astraea/requests/{id}</c> shows it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Phase">Where it stands.</param>
/// <param name="Tenant">Owner.</param>
/// <param name="Category">Kind of agent.</param>
/// <param name="Segment">Ordinal of the current or last segment.</param>
/// <param name="Receipt">What it has cost.</param>
/// <param name="Events">Its history in short: objects with <c>version</c>, <c>type</c>, <c>at</c> and what belongs to the type.</param>
public sealed record AgentRequestReport(
    string Id, RequestPhase Phase, string Tenant, string Category, int Segment, Receipt Receipt, ImmutableArray<JsonElement> Events);

/// <summary>The models a node serves.</summary>
public sealed record ModelList(ImmutableArray<ModelEntry> Data);

/// <summary>One of them.</summary>
public sealed record ModelEntry(string Id);

/// <summary>The body of an error.</summary>
internal sealed record ErrorBody(ErrorDetail? Error);

/// <summary>What went wrong.</summary>
internal sealed record ErrorDetail(string? Message, string? Type, string? Param, string? Code);
