using System.Collections.Immutable;

namespace Astraea.Client;

/// <summary>Where the service is and how patient the client is.</summary>
public sealed record AstraeaClientOptions
{
    /// <summary>Address of the gateway, such as <c>http://127.0.0.1:8080</c>: the first of <see cref="Endpoints"/>. Set this or those.</summary>
    public Uri Endpoint
    {
        get => Endpoints.IsDefaultOrEmpty ? throw new InvalidOperationException("No endpoint is set.") : Endpoints[0];
        init => Endpoints = [value];
    }

    /// <summary>Addresses of gateways of one cluster. The client stays with one, and goes to the next when it cannot be reached or sends its clients away.</summary>
    public ImmutableArray<Uri> Endpoints { get; init; } = [];

    /// <summary>API key, sent as a bearer token; null sends none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>
    /// For how long a call is repeated, and a broken stream resumed, while the service cannot be reached or asks to come back later; every event of a stream
    /// starts it anew. Default 60 s: a node that restarts is back by then. Every POST carries an idempotency key, so that a repeated one joins the first.
    /// Zero tries each endpoint once, and resumes nothing.
    /// </summary>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// First pause between two tries; doubles each time up to <see cref="RetryPauseMax"/>. A server's Retry-After counts more. There is no pause before an
    /// endpoint that was not tried yet. Default 200 ms.
    /// </summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest pause of the client's own choice. Default 5 s.</summary>
    public TimeSpan RetryPauseMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a connection may take to be made. Default 5 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a stream may be silent before its server counts as lost. Default 60 s: a gateway sends a comment every few seconds while there is nothing to say.
    /// </summary>
    public TimeSpan StreamSilenceMax { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Clock of the pauses.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
