namespace Astraea.Client.Orleans;

/// <summary>Which cluster, in whose name, and how patient the client is.</summary>
public sealed record OrleansClientOptions
{
    /// <summary>API key of a tenant: every call carries it, and the front door checks it as the gateway does over HTTP.</summary>
    public required string ApiKey { get; init; }

    /// <summary>Id of the cluster: the silos' <c>Astraea:Cluster:Id</c>. Default null: the caller has configured Orleans' own <c>ClusterOptions</c>.</summary>
    public string? ClusterId { get; init; }

    /// <summary>The cluster's database, Npgsql's form: where its gateways are found. Default null: the caller has configured another clustering provider.</summary>
    public string? Postgres { get; init; }

    /// <summary>
    /// For how long a call is repeated while no silo answers or one asks to come back later. Default 60 s: a silo that died is noticed by then.
    /// Calls are idempotent, so that a repeated one joins the first. Zero never repeats.
    /// </summary>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>First pause between two tries; doubles each time up to <see cref="RetryPauseMax"/>. Default 100 ms.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest pause. Default 2 s.</summary>
    public TimeSpan RetryPauseMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a read waits at the front door for something new; a front door may wait less. Default 5 s.</summary>
    public TimeSpan ReadWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long one try may take, beside <see cref="ReadWait"/>. Default 10 s: a call that went down with its silo is only known by its silence, and Orleans
    /// itself would wait for 30 s.
    /// </summary>
    public TimeSpan CallLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Clock of the pauses.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    // A record prints its properties; this one holds secrets.
    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append("ClusterId = ").Append(ClusterId);
        return true;
    }
}
