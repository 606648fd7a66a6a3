using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Core.Lifecycle;

namespace Astraea.Gateway.Intake;

/// <summary>The fields that mean the same on every generating surface.</summary>
internal static class GenerationIntake
{
    private const int StopCountMax = 4;
    private const int StopLengthMax = 1024;
    private const int MetadataKeysMax = 16;
    private const int CategoryLengthMax = 64;

    /// <summary>The model asked for must be the one that is served.</summary>
    public static void CheckModel(JsonFields body, string served)
    {
        string model = body.RequiredText("model", 256);
        if (model != served)
            throw ApiError.NotFound($"The model '{model}' is not served here.", "model_not_found", "model").Raise();
    }

    public static (Sampling Sampling, bool HasSeed) Sampling(JsonFields body)
    {
        double topP = body.OptionalNumber("top_p", 0, 1) ?? 1;
        if (topP == 0)
            throw body.Wrong("top_p", "above 0 and at most 1");
        // -1 is how other servers spell "all candidates".
        int topK = Math.Max(0, body.OptionalWhole("top_k", -1, int.MaxValue) ?? 0);
        long? seed = body.OptionalLong("seed");
        Sampling sampling = new(
            body.OptionalNumber("temperature", 0, 2) ?? 1, topP, topK, unchecked((ulong)(seed ?? 0)),
            body.OptionalNumber("frequency_penalty", -2, 2) ?? 0, body.OptionalNumber("presence_penalty", -2, 2) ?? 0);
        return (sampling, seed is not null);
    }

    public static OutputLimits Limits(JsonFields body, params ReadOnlySpan<string> maxNames)
    {
        int? max = null;
        string? named = null;
        foreach (string name in maxNames)
        {
            if (body.OptionalWhole(name, 1, int.MaxValue) is not { } value)
                continue;
            if (named is not null)
                throw ApiError.Invalid(name, $"'{named}' and '{name}' cannot both be given.").Raise();
            (max, named) = (value, name);
        }
        int min = body.OptionalWhole("min_tokens", 0, int.MaxValue) ?? 0;
        if (max is { } most && min > most)
            throw ApiError.Invalid("min_tokens", $"'min_tokens' is larger than '{named}'.").Raise();
        return new OutputLimits(max, min, body.OptionalFlag("ignore_eos") ?? false);
    }

    public static ImmutableArray<string> Stop(JsonFields body)
    {
        if (!body.TryGet("stop", out JsonElement value))
            return [];
        if (value.ValueKind == JsonValueKind.String)
            return [StopText(value, "stop")];
        JsonElement array = body.OptionalArray("stop", StopCountMax)!.Value;
        return [.. array.EnumerateArray().Select((entry, i) => StopText(entry, $"stop[{i}]"))];
    }

    public static ImmutableSortedDictionary<string, string> Metadata(JsonFields body)
    {
        if (body.OptionalObject("metadata") is not { } metadata)
            return ImmutableSortedDictionary<string, string>.Empty;
        ImmutableSortedDictionary<string, string>.Builder pairs = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty pair in metadata.Element.EnumerateObject())
        {
            if (pairs.Count == MetadataKeysMax)
                throw ApiError.Invalid("metadata", $"'metadata' has more than {MetadataKeysMax} keys.").Raise();
            if (pair.Name.Length > 64)
                throw ApiError.Invalid("metadata", "A key of 'metadata' is longer than 64 characters.").Raise();
            string value = JsonFields.TextOf(pair.Value, $"metadata.{pair.Name}");
            if (value.Length > 512)
                throw ApiError.Invalid($"metadata.{pair.Name}", $"'metadata.{pair.Name}' is longer than 512 characters.").Raise();
            pairs[pair.Name] = value;
        }
        return pairs.ToImmutable();
    }

    /// <summary>The class of agent that predictors learn by: <c>metadata.category</c>.</summary>
    public static string Category(ImmutableSortedDictionary<string, string> metadata)
    {
        string category = metadata.GetValueOrDefault("category", "");
        return category.Length <= CategoryLengthMax
            ? category
            : throw ApiError.Invalid("metadata.category", $"'metadata.category' is longer than {CategoryLengthMax} characters.").Raise();
    }

    private static string StopText(JsonElement value, string path)
    {
        string text = JsonFields.TextOf(value, path);
        return text.Length is > 0 and <= StopLengthMax
            ? text
            : throw ApiError.Invalid(path, $"'{path}' must have 1 to {StopLengthMax} characters.").Raise();
    }
}
