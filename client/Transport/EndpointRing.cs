using System.Collections.Immutable;

namespace Astraea.Client.Transport;

/// <summary>The gateways of a cluster, in the order they are tried, and the one in use. Thread-safe.</summary>
internal sealed class EndpointRing
{
    private readonly ImmutableArray<Uri> _endpoints;
    private int _current;

    public EndpointRing(ImmutableArray<Uri> endpoints)
    {
        if (endpoints.IsDefaultOrEmpty)
            throw new ArgumentException("At least one endpoint is needed.", nameof(endpoints));
        _endpoints = endpoints;
    }

    public int Count => _endpoints.Length;

    public Uri Current => _endpoints[Volatile.Read(ref _current)];

    /// <summary>Goes on to the next endpoint, unless another call has left this one before.</summary>
    public void Leave(Uri failed)
    {
        int current = Volatile.Read(ref _current);
        if (_endpoints[current] == failed)
            Interlocked.CompareExchange(ref _current, (current + 1) % Count, current);
    }
}
