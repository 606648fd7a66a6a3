using Astraea.Grains.Activations;

namespace Astraea.Silo.Orleans;

/// <summary>Tells <see cref="Departure"/> that the silo begins to stop, before anything else does.</summary>
internal sealed class DepartureSignal(Departure departure) : ILifecycleParticipant<ISiloLifecycle>
{
    // What starts last is stopped first.
    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(DepartureSignal), ServiceLifecycleStage.Last, static _ => Task.CompletedTask, _ => departure.BeginAsync());
}
