using Astraea.Contracts.FrontDoor;

namespace Astraea.Grains.Orleans.Contracts;

/// <summary>A front door as a grain, on the gateways of a cluster. All of its keys lead to the same; different ones spread over the gateways.</summary>
[Alias("astraea.frontdoor")]
public interface IAgentFrontDoorGrain : IAgentFrontDoor, IGrainWithIntegerKey;
