using Astraea.Contracts;
using Astraea.Grains.Driver;

namespace Astraea.Silo.Orleans;

/// <summary>
/// Lets "not now, ask again" cross the border of a process. Our exceptions do not travel, because no type names do; Orleans' own for the same thing does, and
/// callers turn it back.
/// </summary>
public sealed class AvailabilityFilter : IIncomingGrainCallFilter
{
    /// <inheritdoc/>
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (Exception e) when (e is AgentUnavailableException or HistoryUnavailableException)
        {
            throw new SiloUnavailableException(e.Message);
        }
    }
}
