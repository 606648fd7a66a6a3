using Astraea.Contracts;

namespace Astraea.Grains.Orleans.Contracts;

/// <summary>An agent request as a grain. Its key is the printed <see cref="Core.Lifecycle.RequestId"/>.</summary>
[Alias("astraea.request")]
public interface IAgentRequestGrain : IAgentRequest, IGrainWithStringKey;

/// <summary>The scheduler of a pool as a grain. Its key is the name of the pool.</summary>
[Alias("astraea.scheduler")]
public interface IClusterSchedulerGrain : IClusterScheduler, IGrainWithStringKey;
