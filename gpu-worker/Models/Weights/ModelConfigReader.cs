using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Worker.Engine;

namespace Astraea.Worker.Models.Weights;

/// <summary>Reads config.json as Hugging Face writes it. What would change the arithmetic and is not implemented is an error, never ignored.</summary>
internal static class ModelConfigReader
{
    // Rotary angles are exact enough below this position (RotaryEmbedding.SinCos).
    private const int ContextTokensLimit = 1 << 20;
    private const int SizeLimit = 1 << 24;

    /// <summary>Reads the bytes of the file.</summary>
    /// <param name="json">UTF-8.</param>
    /// <param name="place">Path for messages.</param>
    public static ModelConfig Read(ReadOnlySpan<byte> json, string place)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new ModelFormatException($"{place}: must hold a JSON object.");
            return Read(new ConfigObject(document.RootElement, place));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // The second: text that is no Unicode.
        {
            throw new ModelFormatException($"{place}: is not JSON: {e.Message}", e);
        }
    }

    private static ModelConfig Read(ConfigObject config)
    {
        ModelArchitecture architecture = Architecture(config);
        RefuseWhatIsNotImplemented(config, architecture);
        (double theta, Llama3RopeScaling? scaling) = Rope(config);
        ModelShape shape = Shape(config);
        return new ModelConfig(
            architecture, shape, (float)config.Positive("rms_norm_eps", absent: 1e-6), theta, scaling,
            config.Flag("tie_word_embeddings", absent: false), EosTokens(config, shape.Vocabulary),
            config.Has("bos_token_id") ? config.Integer("bos_token_id", 0, int.MaxValue) : null);
    }

    private static ModelArchitecture Architecture(ConfigObject config)
    {
        JsonElement names = config["architectures"];
        if (names.ValueKind != JsonValueKind.Array || names.GetArrayLength() != 1)
            throw config.Bad("architectures", "must be a list of one name");
        return names[0].ValueKind == JsonValueKind.String
            ? names[0].GetString() switch
            {
                "LlamaForCausalLM" => ModelArchitecture.Llama,
                "Qwen2ForCausalLM" => ModelArchitecture.Qwen2,
                "Qwen3ForCausalLM" => ModelArchitecture.Qwen3,
                _ => throw NotSupported(),
            }
            : throw NotSupported();

        ModelFormatException NotSupported() => config.Bad("architectures", "must name LlamaForCausalLM, Qwen2ForCausalLM or Qwen3ForCausalLM");
    }

    private static ModelShape Shape(ConfigObject config)
    {
        int hidden = config.Integer("hidden_size", 1, SizeLimit);
        int heads = config.Integer("num_attention_heads", 1, 65536);
        int kvHeads = config.Integer("num_key_value_heads", 1, 65536, absent: heads);
        if (heads % kvHeads != 0)
            throw config.Bad("num_key_value_heads", $"must divide num_attention_heads ({heads})");
        if (!config.Has("head_dim") && hidden % heads != 0)
            throw config.Bad("hidden_size", $"must be a multiple of num_attention_heads ({heads}) where head_dim is absent");
        int headDim = config.Integer("head_dim", 2, 4096, absent: hidden / heads);
        if (headDim % 2 != 0)
            throw config.Bad(config.Has("head_dim") ? "head_dim" : "hidden_size", "must give heads of an even width: rotary embedding turns pairs");
        return new ModelShape(
            config.Integer("vocab_size", 1, SizeLimit), config.Integer("num_hidden_layers", 1, 4096), hidden, heads, kvHeads, headDim,
            config.Integer("intermediate_size", 1, SizeLimit), config.Integer("max_position_embeddings", 1, ContextTokensLimit));
    }

    private static (double Theta, Llama3RopeScaling? Scaling) Rope(ConfigObject config)
    {
        // Newer files hold both in rope_parameters; older ones have rope_theta at the top and rope_scaling beside it.
        bool together = config.Has("rope_parameters");
        double theta = together
            ? config.Object("rope_parameters").Positive("rope_theta", absent: config.Positive("rope_theta", absent: 10000))
            : config.Positive("rope_theta", absent: 10000);
        string place = together ? "rope_parameters" : "rope_scaling";
        if (!config.Has(place))
            return (theta, null);

        ConfigObject rope = config.Object(place);
        string kindKey = rope.Has("rope_type") ? "rope_type" : "type";
        switch (rope.Text(kindKey, absent: together ? "default" : null))
        {
            case "default":
                return (theta, null);
            case "llama3":
                var scaling = new Llama3RopeScaling(
                    rope.Positive("factor"), rope.Positive("low_freq_factor"), rope.Positive("high_freq_factor"),
                    rope.Integer("original_max_position_embeddings", 1, ContextTokensLimit));
                if (scaling.HighFrequencyFactor <= scaling.LowFrequencyFactor)
                    throw rope.Bad("high_freq_factor", $"must be above low_freq_factor ({scaling.LowFrequencyFactor})");
                return (theta, scaling);
            default:
                throw rope.Bad(kindKey, "must be 'default' or 'llama3'");
        }
    }

    private static ImmutableArray<int> EosTokens(ConfigObject config, int vocabulary)
    {
        if (!config.Has("eos_token_id"))
            return [];
        JsonElement value = config["eos_token_id"];
        JsonElement[] ids = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        ImmutableArray<int>.Builder tokens = ImmutableArray.CreateBuilder<int>(ids.Length);
        foreach (JsonElement id in ids)
        {
            if (id.ValueKind != JsonValueKind.Number || !id.TryGetInt32(out int token) || token < 0 || token >= vocabulary)
                throw config.Bad("eos_token_id", $"must be a token id below {vocabulary} or a list of them");
            tokens.Add(token);
        }
        return tokens.ToImmutable();
    }

    private static void RefuseWhatIsNotImplemented(ConfigObject config, ModelArchitecture architecture)
    {
        if (config.Text("hidden_act", absent: "silu") != "silu")
            throw config.Bad("hidden_act", "must be 'silu'");
        // Qwen2 files may carry the key; there the query, key and value biases are part of the architecture.
        if (architecture != ModelArchitecture.Qwen2 && config.Flag("attention_bias", absent: false))
            throw config.Bad("attention_bias", "must be false");
        foreach (string key in (ReadOnlySpan<string>)["mlp_bias", "use_sliding_window"])
        {
            if (config.Flag(key, absent: false))
                throw config.Bad(key, "must be false");
        }
        if (config.Has("quantization_config"))
            throw config.Bad("quantization_config", "must be absent: quantised weights are not supported");
        if (config.Positive("partial_rotary_factor", absent: 1) != 1)
            throw config.Bad("partial_rotary_factor", "must be 1");
        if (!config.Has("layer_types"))
            return;
        if (config["layer_types"].ValueKind != JsonValueKind.Array)
            throw config.Bad("layer_types", "must be a list");
        foreach (JsonElement kind in config["layer_types"].EnumerateArray())
        {
            if (kind.ValueKind != JsonValueKind.String || kind.GetString() != "full_attention")
                throw config.Bad("layer_types", "must hold 'full_attention' only");
        }
    }
}
