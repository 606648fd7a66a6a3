using System.Text.Json.Serialization;
using Astraea.Contracts.FrontDoor;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Contracts.Wire;

/// <summary>What passes between processes of a cluster, as JSON. Unknown fields are skipped, so that two versions can meet in a rolling upgrade.</summary>
/// <remarks>A score may be infinite; plans and views must travel even then.</remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RequestMessage))]
[JsonSerializable(typeof(RequestReply))]
[JsonSerializable(typeof(HistoryPage))]
[JsonSerializable(typeof(RequestStatus))]
[JsonSerializable(typeof(PullRequest))]
[JsonSerializable(typeof(Plan))]
[JsonSerializable(typeof(ClusterView))]
internal sealed partial class WireJson : JsonSerializerContext;

/// <summary>What passes at a front door: a context of its own, because members of both families have the same names. The options are the same.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(FrontDoorCall))]
internal sealed partial class FrontDoorCallJson : JsonSerializerContext;

/// <summary>The other side of <see cref="FrontDoorCallJson"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(FrontDoorReply))]
internal sealed partial class FrontDoorReplyJson : JsonSerializerContext;
