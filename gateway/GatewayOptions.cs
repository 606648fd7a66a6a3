using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Astraea.Gateway;

/// <summary>What the gateway lets in, and how long it waits.</summary>
public sealed class GatewayOptions
{
    /// <summary>Where these options stand in the configuration.</summary>
    public const string Section = "Astraea:Gateway";

    /// <summary>Keys that open the gateway. Empty: nobody gets in.</summary>
    public IList<ApiKeyOptions> ApiKeys { get; init; } = [];

    /// <summary>Largest body of a POST (By). Default 16 MiB.</summary>
    [Range(1024, 1 << 30)] public int BodyBytesMax { get; init; } = 16 << 20;

    /// <summary>Deepest nesting of JSON in a body (levels). Default 64.</summary>
    [Range(8, 1024)] public int JsonDepthMax { get; init; } = 64;

    /// <summary>Most messages or items in a body. Default 4096.</summary>
    [Range(1, 1 << 20)] public int ItemsMax { get; init; } = 4096;

    /// <summary>Most tools in a body. Default 128.</summary>
    [Range(1, 4096)] public int ToolsMax { get; init; } = 128;

    /// <summary>Answers one chat request may ask for (<c>n</c>); each is a request of its own. Default 16.</summary>
    [Range(1, 128)] public int ChoicesMax { get; init; } = 16;

    /// <summary>Output limit of a request that names none (tokens); less when the context has less left. Default 4096.</summary>
    [Range(1, 1 << 24)] public int OutputTokensDefault { get; init; } = 4096;

    /// <summary>Exchanges that may be open at once in this gateway; more are answered 429. Default 4096.</summary>
    [Range(1, 1 << 20)] public int OpenExchangesMax { get; init; } = 4096;

    /// <summary>
    /// How long open calls may go on after the process was told to stop (s); then they end in an error that sends their clients elsewhere. Default 20.
    /// </summary>
    [Range(0, 3600)] public int DrainSeconds { get; init; } = 20;

    /// <summary>
    /// How long the process goes on listening at least after it was told to stop (s), refusing calls: whoever routes to it must hear that it leaves before
    /// connections come to nobody. Default 0, which suits one node; behind a balancer as long as that needs to notice.
    /// </summary>
    [Range(0, 600)] public double LingerSeconds { get; init; }

    /// <summary>How long a read waits for something new before a stream is kept alive by a comment (s). Default 10.</summary>
    [Range(1, 30)] public int ReadWaitSeconds { get; init; } = 10;

    /// <summary>
    /// How long a call to an unavailable request is repeated before a client hears 503 (ms). Default 3000, which suits one node; a cluster needs about as long
    /// as it takes to notice a dead silo.
    /// </summary>
    [Range(0, 600_000)] public int UnavailableAcceptMs { get; init; } = 3000;

    /// <summary>How long reading goes on over an outage once an exchange is accepted (ms). Default 60000.</summary>
    [Range(0, 600_000)] public int UnavailableReadMs { get; init; } = 60_000;

    /// <summary>What the rest of the process may need after the drain (s).</summary>
    public const int ShutdownReserveSeconds = 10;

    /// <summary>The host's shutdown timeout must be at least this; adding the gateway sees to it. Whoever kills the process must wait longer still.</summary>
    public TimeSpan ShutdownTimeoutMin => TimeSpan.FromSeconds(Math.Max(DrainSeconds, LingerSeconds) + ShutdownReserveSeconds);
}

/// <summary>One API key and who holds it.</summary>
public sealed class ApiKeyOptions
{
    /// <summary>Least length of a key (characters).</summary>
    public const int KeyLengthMin = 8;

    /// <summary>The tenant: 1 to 64 letters, digits, dots, dashes or underscores.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>The secret, sent as a bearer token. At least <see cref="KeyLengthMin"/> characters.</summary>
    public string Key { get; init; } = "";
}

[OptionsValidator]
internal sealed partial class GatewayOptionsRanges : IValidateOptions<GatewayOptions>;

/// <summary>Checks the keys; messages name the place and never the secret.</summary>
internal sealed class ApiKeysCheck : IValidateOptions<GatewayOptions>
{
    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        List<string> wrong = [];
        HashSet<string> seen = [];
        for (int i = 0; i < options.ApiKeys.Count; i++)
        {
            ApiKeyOptions key = options.ApiKeys[i];
            string place = $"{GatewayOptions.Section}:ApiKeys:{i}";
            if (key.Tenant.Length is 0 or > 64 || !key.Tenant.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
                wrong.Add($"{place}:Tenant must be 1 to 64 letters, digits, dots, dashes or underscores.");
            if (key.Key.Length < ApiKeyOptions.KeyLengthMin || key.Key.Any(c => c is <= ' ' or > '~'))
                wrong.Add($"{place}:Key must be at least {ApiKeyOptions.KeyLengthMin} visible ASCII characters.");
            else if (!seen.Add(key.Key))
                wrong.Add($"{place}:Key is given twice.");
        }
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}
