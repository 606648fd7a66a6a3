using System.Text.Json.Serialization;
using Astraea.Contracts;
using Astraea.Contracts.FrontDoor;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Grains.Orleans.Contracts.Wire;

/// <summary>What passes between processes of a cluster, as JSON. Unknown fields are skipped, so that two versions can meet in a rolling upgrade.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RequestMessage))]
[JsonSerializable(typeof(RequestReply))]
[JsonSerializable(typeof(HistoryPage))]
[JsonSerializable(typeof(RequestStatus))]
[JsonSerializable(typeof(PullRequest))]
[JsonSerializable(typeof(Plan))]
[JsonSerializable(typeof(ClusterView))]
[JsonSerializable(typeof(FrontDoorCall))]
[JsonSerializable(typeof(FrontDoorReply))]
internal sealed partial class WireJson : JsonSerializerContext;
