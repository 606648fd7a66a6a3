using System.Text.Json.Serialization;
using Astraea.Contracts.History;
using Astraea.Core.Lifecycle;

namespace Astraea.Gateway.Wire;

/// <summary>An agent request with its history and receipt.</summary>
internal sealed record NativeRequest(
    RequestId Id, RequestPhase Phase, TenantId Tenant, string Category, int Segment, RequestId? Parent, RequestId Session, Receipt Receipt,
    IReadOnlyList<AgentEvent> Events);

/// <summary>Where a request stands after it was asked to end.</summary>
internal sealed record NativeCancelled(RequestId Id, RequestPhase Phase);

/// <summary>What a health probe hears.</summary>
internal sealed record HealthStatus(string Status, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason = null);
