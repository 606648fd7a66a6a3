using System.Security.Cryptography;
using Astraea.Gateway;
using Astraea.Silo.Security;

namespace Astraea.Silo.Composition;

/// <summary>The key of a node whose owner configured none: made once, kept beside the histories, printed at the start.</summary>
internal static class NodeKey
{
    /// <summary>Adds the node's own key to the configuration when it names no keys.</summary>
    public static void MintWhenNone(ConfigurationManager configuration, string dataDirectory)
    {
        if (configuration.GetSection($"{GatewayOptions.Section}:ApiKeys").GetChildren().Any())
            return;
        string path = Path.Combine(dataDirectory, "api.key");
        if (!File.Exists(path))
            SecretFile.WriteUnlessThere(path, System.Text.Encoding.ASCII.GetBytes($"sk-astraea-{RandomNumberGenerator.GetHexString(40, lowercase: true)}"));
        string key = File.ReadAllText(path).Trim();
        configuration[$"{GatewayOptions.Section}:ApiKeys:0:Tenant"] = "default";
        configuration[$"{GatewayOptions.Section}:ApiKeys:0:Key"] = key;
        Console.WriteLine($"astraea: no API key is configured; use {key} (kept in {path})");
    }
}
