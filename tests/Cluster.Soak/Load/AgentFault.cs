namespace Astraea.Cluster.Soak.Load;

/// <summary>An agent has seen what must not be.</summary>
internal sealed class AgentFaultException(string message) : Exception(message);

/// <summary>The gateway ended a stream in words, and says that another one has the rest.</summary>
internal sealed class SentAwayException(string message) : Exception(message);
