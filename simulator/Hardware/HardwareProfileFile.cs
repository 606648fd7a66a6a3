using System.Text.Json;
using System.Text.Json.Serialization;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Hardware;

/// <summary>A profile file that cannot be used; the message names file and key.</summary>
public sealed class HardwareProfileException : Exception
{
    /// <summary>Says what is wrong.</summary>
    public HardwareProfileException(string message) : base(message) { }

    /// <summary>Says what is wrong, and why.</summary>
    public HardwareProfileException(string message, Exception inner) : base(message, inner) { }

    /// <summary>For serializers.</summary>
    public HardwareProfileException() { }
}

/// <summary>Profiles in JSON files: your machine, or one fitted from a run of a real engine. Keys are those of <see cref="HardwareProfile"/> in snake_case.</summary>
public static class HardwareProfileFile
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="HardwareProfileException">It cannot be read, or says something impossible.</exception>
    public static HardwareProfile Read(string path)
    {
        try
        {
            return Parse(path, File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HardwareProfileException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Reads a file's text.</summary>
    /// <exception cref="HardwareProfileException">It says something impossible.</exception>
    public static HardwareProfile Parse(string name, string json)
    {
        HardwareProfile profile;
        try
        {
            profile = JsonSerializer.Deserialize(json, HardwareJson.Default.HardwareProfile) ?? throw new HardwareProfileException($"{name}: there is nothing in it");
        }
        catch (JsonException e)
        {
            throw new HardwareProfileException($"{name}: {e.Message}", e);
        }
        string[] errors = [.. Errors(profile)];
        return errors.Length == 0 ? profile : throw new HardwareProfileException($"{name}: {string.Join(" ", errors)}");
    }

    /// <summary>The text of a profile, as <see cref="Parse"/> reads it.</summary>
    public static string Write(HardwareProfile profile) => JsonSerializer.Serialize(profile, HardwareJson.Default.HardwareProfile);

    /// <summary>What is wrong with a profile, one sentence each.</summary>
    public static IEnumerable<string> Errors(HardwareProfile profile)
    {
        if (string.IsNullOrWhiteSpace(profile.Name))
            yield return "name is empty.";
        (string Key, double Value, double Least)[] bounds =
        [
            ("kv_bytes_per_token", profile.KvBytesPerToken, 1), ("block_tokens", profile.BlockTokens, 1), ("device_blocks", profile.DeviceBlocks, 2),
            ("host_blocks", profile.HostBlocks, 0), ("context_tokens_max", profile.ContextTokensMax, 2), ("slots", profile.Slots, 1),
            ("step_tokens", profile.StepTokens, 1), ("step.fixed_seconds", profile.Step.FixedSeconds, 0),
            ("step.seconds_per_prefill_token", profile.Step.SecondsPerPrefillToken, 0), ("step.seconds_per_decode_token", profile.Step.SecondsPerDecodeToken, 0),
            ("step.seconds_per_prefill_context_token", profile.Step.SecondsPerPrefillContextToken, 0),
            ("step.seconds_per_decode_context_token", profile.Step.SecondsPerDecodeContextToken, 0),
            ("copy_tokens_per_second", profile.CopyTokensPerSecond, 1), ("link_tokens_per_second", profile.LinkTokensPerSecond, 1),
        ];
        foreach ((string key, double value, double least) in bounds)
        {
            if (!double.IsFinite(value) || value < least)
                yield return $"{key} is {value}: it must be {least} or more.";
        }
        if (profile.Step is { FixedSeconds: <= 0, SecondsPerDecodeToken: <= 0 })
            yield return "step.fixed_seconds and step.seconds_per_decode_token are both 0: a step must take some time.";
        if ((long)profile.DeviceBlocks * profile.BlockTokens < profile.ContextTokensMax)
            yield return $"device_blocks is {profile.DeviceBlocks}: the pool ({(long)profile.DeviceBlocks * profile.BlockTokens} tokens) must hold the longest context ({profile.ContextTokensMax} tokens).";
        if (profile.StepTokens < profile.Slots)
            yield return $"step_tokens is {profile.StepTokens}: it must be at least slots ({profile.Slots}), or a full batch cannot decode in one step.";
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(HardwareProfile))]
internal sealed partial class HardwareJson : JsonSerializerContext;
