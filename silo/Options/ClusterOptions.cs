using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;

namespace Astraea.Silo.Options;

/// <summary>This process as a member of a cluster. Without an <see cref="Id"/> it is a node of its own.</summary>
public sealed class ClusterOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "Astraea:Cluster";

    /// <summary>Name of the cluster; all its processes have the same. Empty: no cluster.</summary>
    [RegularExpression("[A-Za-z0-9._-]{0,64}")] public string Id { get; init; } = "";

    /// <summary>Name of this process, unique in the cluster and the same after a restart; its workers are called after it. Default: host name and silo port.</summary>
    [RegularExpression("[A-Za-z0-9._-]{0,48}")] public string NodeName { get; init; } = "";

    /// <summary>Port for the other processes of the cluster. Default 11111.</summary>
    [Range(1, 65535)] public int SiloPort { get; init; } = 11111;

    /// <summary>Port for clients that speak Orleans. Default 30000.</summary>
    [Range(1, 65535)] public int GatewayPort { get; init; } = 30000;

    /// <summary>IP address the other processes reach this one under. Default 127.0.0.1.</summary>
    [Required] public string AdvertisedAddress { get; init; } = "127.0.0.1";

    /// <summary>How long a probe of another process may take (s). Default 3; shorter finds the dead sooner and takes the slow for dead.</summary>
    [Range(0.5, 60)] public double ProbeSeconds { get; init; } = 3;

    /// <summary>Probes missed in a row before a process is held to be dead. Default 3.</summary>
    [Range(1, 20)] public int MissedProbes { get; init; } = 3;

    /// <summary>How long a process that is told to stop may take to hand over what it has (s). Default 30.</summary>
    [Range(1, 3600)] public int DrainSeconds { get; init; } = 30;

    /// <summary>The name to use.</summary>
    public string EffectiveName => NodeName.Length > 0 ? NodeName : $"{Environment.MachineName}-{SiloPort}";
}

[OptionsValidator]
internal sealed partial class ClusterOptionsRanges : IValidateOptions<ClusterOptions>;

/// <summary>What ranges cannot say.</summary>
internal sealed class ClusterOptionsCheck : IValidateOptions<ClusterOptions>
{
    public ValidateOptionsResult Validate(string? name, ClusterOptions options) => IPAddress.TryParse(options.AdvertisedAddress, out _)
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail($"{ClusterOptions.Section}:AdvertisedAddress is '{options.AdvertisedAddress}', which is no IP address.");
}
