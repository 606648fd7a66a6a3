namespace Astraea.Client;

/// <summary>Where a node is and how patient the client is.</summary>
public sealed record AstraeaClientOptions
{
    /// <summary>Address of the gateway, such as <c>http://127.0.0.1:8080</c>.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>API key, sent as a bearer token; null sends none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>
    /// For how long a call is repeated while the server cannot be reached or asks to come back later. Default 60 s: a node that restarts is back by then.
    /// Every POST carries an idempotency key, so that a repeated one joins the first. Zero never repeats.
    /// </summary>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>First pause between two tries; doubles each time up to <see cref="RetryPauseMax"/>. A server's Retry-After counts more. Default 200 ms.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest pause of the client's own choice. Default 5 s.</summary>
    public TimeSpan RetryPauseMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Clock of the pauses.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
