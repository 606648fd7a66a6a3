using System.Net;
using Astraea.Core.Lifecycle;

namespace Astraea.Silo.Orleans;

/// <summary>What one process brings to its cluster.</summary>
public sealed record ClusterSiloSettings
{
    /// <summary>The cluster it joins.</summary>
    public required string ClusterId { get; init; }

    /// <summary>Its name, unique in the cluster; the same again after a restart.</summary>
    public required string Name { get; init; }

    /// <summary>Connection string of the membership tables, Npgsql's form.</summary>
    public required string Postgres { get; init; }

    /// <summary>The pool it serves.</summary>
    public required PoolId Pool { get; init; }

    /// <summary>Whether grains of requests and schedulers may live here.</summary>
    public required bool IsControl { get; init; }

    /// <summary>Whether it has a front door for clients.</summary>
    public required bool IsGateway { get; init; }

    /// <summary>Address other silos reach it under.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>Port for other silos.</summary>
    public required int SiloPort { get; init; }

    /// <summary>Port for Orleans clients.</summary>
    public required int GatewayPort { get; init; }

    /// <summary>How long a probe of another silo may take (s).</summary>
    public required double ProbeSeconds { get; init; }

    /// <summary>Missed probes after which a silo is suspected.</summary>
    public required int MissedProbes { get; init; }

    /// <summary>What others can look up about it while it lives: its roles, its data plane. Never load.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }
}
