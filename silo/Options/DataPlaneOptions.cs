using Astraea.Silo.Composition;
using Microsoft.Extensions.Options;

namespace Astraea.Silo.Options;

/// <summary>Where workers take KV from each other.</summary>
public sealed class DataPlaneOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "Astraea:DataPlane";

    /// <summary>Address to listen on: <c>10.0.0.5:9443</c> or <c>https://0.0.0.0:9443</c>; an IP address or localhost. Default: a free port of the loopback interface.</summary>
    public string Listen { get; init; } = "";

    /// <summary>Address that other workers reach it under: a host, with a port where that differs from the one listened on. Default: the address listened on.</summary>
    public string Advertise { get; init; } = "";
}

/// <summary>Both addresses can be used, and used together.</summary>
internal sealed class DataPlaneOptionsCheck : IValidateOptions<DataPlaneOptions>
{
    public ValidateOptionsResult Validate(string? name, DataPlaneOptions options) =>
        DataPlaneAddress.TryRead(options, out _, out string? problem) ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problem);
}
